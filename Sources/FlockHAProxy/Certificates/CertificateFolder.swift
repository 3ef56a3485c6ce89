import Foundation
import HAProxy

/// The folder that people and ACME clients put certificates into.
struct CertificateFolder: Sendable {
    let path: String

    /// What tells a file from what it was before.
    struct Stamp: Sendable, Hashable {
        var modified: Date?
        var size: Int?
        var number: Int?
    }

    /// Of each file, by its path relative to the folder, one folder deep. Links are followed. `nil` when the folder
    /// cannot be read.
    var stamps: [String: Stamp]? {
        guard let names = names(in: path) else { return nil }
        var stamps: [String: Stamp] = [:]
        for name in names {
            if let stamp = stamp("\(path)/\(name)") {
                stamps[name] = stamp
            } else {
                for inner in self.names(in: "\(path)/\(name)") ?? [] {
                    stamps["\(name)/\(inner)"] = stamp("\(path)/\(name)/\(inner)")
                }
            }
        }
        return stamps
    }

    private func names(in folder: String) -> [String]? {
        try? FileManager.default.contentsOfDirectory(atPath: folder)
    }

    /// `nil` for what is no file.
    private func stamp(_ path: String) -> Stamp? {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: target),
            attributes[.type] as? FileAttributeType == .typeRegular
        else { return nil }
        return Stamp(
            modified: attributes[.modificationDate] as? Date, size: (attributes[.size] as? NSNumber)?.intValue,
            number: (attributes[.systemFileNumber] as? NSNumber)?.intValue)
    }

    /// - Throws: as ``Certificate``; `haproxy_system` for a file that cannot be read.
    func read(_ source: CertificateSource, at now: Date) throws(HAProxyError) -> Certificate {
        var text = ""
        for file in source.files {
            guard let handle = FileHandle(forReadingAtPath: "\(path)/\(file)"),
                let data = try? handle.read(upToCount: 1 << 20)
            else {
                throw HAProxyError(
                    code: .system, operation: "read the certificate", message: "\(file) cannot be opened",
                    hint: "the user who runs Flock must be allowed to read it")
            }
            text += String(decoding: data, as: UTF8.self) + "\n"
        }
        return try Certificate(text, at: now)
    }
}
