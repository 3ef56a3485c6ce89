import Foundation
import HAProxy

/// The files that HAProxy reads its certificates from when it starts or reloads: what was last found good.
struct CertificateStore: Sendable {
    let paths: HAProxyPaths

    /// What is there and still good.
    func stored(at now: Date) -> CertificateSet {
        var set = CertificateSet()
        for file in (try? FileManager.default.contentsOfDirectory(atPath: paths.certificates)) ?? []
        where file.hasSuffix(".pem") {
            set[String(file.dropLast(4))] = certificate("\(paths.certificates)/\(file)", at: now)
        }
        return set
    }

    func certificate(_ path: String, at now: Date) -> Certificate? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { try? Certificate($0, at: now) }
    }

    /// The certificate for hosts of which there is none; made when it is first needed, so that browsers that were
    /// told to trust it go on doing so.
    func selfSigned(domain: String, at now: Date) throws -> Certificate {
        if let certificate = certificate(paths.selfSigned, at: now) { return certificate }
        let pem = try SelfSignedCertificate.make(domain: domain)
        try PrivateFile.write(pem.text, to: paths.selfSigned)
        return try Certificate(pem.text, at: now)
    }

    /// The list last: it never names a file that is not there.
    func write(_ set: CertificateSet) throws {
        let files = FileManager.default
        try files.createDirectory(
            atPath: paths.certificates, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for (name, certificate) in set.certificates {
            try PrivateFile.write(certificate.pem.text, to: "\(paths.certificates)/\(name).pem")
        }
        let lines = set.names.compactMap { paths.certificate($0) }.map { "\($0)\n" }
        try PrivateFile.write(lines.joined(), to: paths.certificateList.rawValue)
        for file in try files.contentsOfDirectory(atPath: paths.certificates) {
            guard file.hasSuffix(".pem"), set[String(file.dropLast(4))] == nil else { continue }
            try files.removeItem(atPath: "\(paths.certificates)/\(file)")
        }
    }
}
