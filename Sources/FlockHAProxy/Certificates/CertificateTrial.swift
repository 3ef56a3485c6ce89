import Foundation
import HAProxy

/// Finds out which certificates HAProxy itself would refuse: its TLS library has rules of its own, such as how short
/// a key may be, and one that it refuses would keep it from starting.
struct CertificateTrial: Sendable {
    let haproxy: HAProxyProcess
    /// Made for the trial, and removed after it.
    let folder: PathToken

    /// - Returns: HAProxy's words, by name. Halves the set until it has found them: one that is good costs one check.
    func refusals(of set: CertificateSet) async throws -> [String: HAProxyError] {
        guard !set.certificates.isEmpty else { return [:] }
        do {
            try await check(set)
            return [:]
        } catch let error as HAProxyError where error.code == .invalidConfiguration {
            guard set.certificates.count > 1 else {
                let words = error.message.prefix { $0 != "\n" }.split(separator: " : ").last ?? ""
                let refusal = HAProxyError(
                    certificate: .certificateRefused, "HAProxy refuses it: \(words)",
                    hint: "a key of less than 2048 bits is too short for it, and a signature with SHA-1 too old")
                return set.certificates.mapValues { _ in refusal }
            }
            let names = set.names
            var refusals: [String: HAProxyError] = [:]
            for half in [names.prefix(names.count / 2), names.suffix(from: names.count / 2)] {
                let part = CertificateSet(certificates: set.certificates.filter { half.contains($0.key) })
                try await refusals.merge(self.refusals(of: part)) { first, _ in first }
            }
            return refusals
        }
    }

    private func check(_ set: CertificateSet) async throws {
        let files = FileManager.default
        try? files.removeItem(atPath: folder.rawValue)
        try files.createDirectory(
            atPath: folder.rawValue, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? files.removeItem(atPath: folder.rawValue) }
        var lines = ""
        for (name, certificate) in set.certificates {
            try PrivateFile.write(certificate.pem.text, to: "\(folder)/\(name).pem")
            lines += "\(folder)/\(name).pem\n"
        }
        try PrivateFile.write(lines, to: "\(folder)/list")
        // A check binds nothing.
        try PrivateFile.write(
            """
            frontend trial
              mode http
              timeout client 1s
              bind 127.0.0.1:443 ssl crt-list \(folder)/list

            """, to: "\(folder)/haproxy.cfg")
        try await haproxy.check(configuration: "\(folder)/haproxy.cfg")
    }
}
