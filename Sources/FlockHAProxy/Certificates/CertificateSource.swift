/// Where a chain and its key are in the folder of certificates.
struct CertificateSource: Sendable, Hashable {
    /// What the log calls it, and the name of the file that HAProxy knows it by.
    var name: String
    /// Relative to the folder: a file that holds both, or the chain's and the key's.
    var files: [String]

    /// - Parameter paths: of files, relative to the folder and at most one folder deep.
    /// - Returns: in the order of their names; of two with one name, the first.
    static func sources(in paths: some Sequence<String>) -> [CertificateSource] {
        var sources: [String: CertificateSource] = [:]
        for (folder, names) in Dictionary(grouping: paths.sorted(), by: { folder(of: $0) }) {
            let names = Set(names.map { $0.dropFirst(folder.count) }.map(String.init))
            for source in Self.sources(names, in: folder) where sources[source.name] == nil {
                sources[source.name] = source
            }
        }
        return sources.values.sorted { $0.name < $1.name }
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    /// - Parameter folder: with a slash at its end, or empty.
    private static func sources(_ names: Set<String>, in folder: String) -> [CertificateSource] {
        let prefix = folder.replacing("/", with: ".")
        func source(_ name: String, _ files: String...) -> CertificateSource {
            CertificateSource(name: name, files: files.map { folder + $0 })
        }
        if names.isSuperset(of: ["fullchain.pem", "privkey.pem"]) {
            // As certbot lays them out; cert.pem and chain.pem beside them are parts of the chain.
            return [source(folder.isEmpty ? "fullchain" : String(prefix.dropLast()), "fullchain.pem", "privkey.pem")]
        }
        return names.sorted().compactMap { name in
            guard !name.hasPrefix("."), let dot = name.lastIndex(of: ".") else { return nil }
            let (stem, ending) = (String(name[..<dot]), name[dot...])
            // lego writes the issuer's certificate once more.
            guard [".pem", ".crt"].contains(ending), !stem.hasSuffix(".issuer") else { return nil }
            let key = stem + ".key"
            return names.contains(key) ? source(prefix + stem, name, key) : source(prefix + stem, name)
        }
    }
}
