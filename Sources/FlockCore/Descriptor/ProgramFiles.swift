/// Of a program's folder, what says how it is built and run.
public struct ProgramFiles: Sendable, Hashable {
    /// `nil` where there is none.
    public var packageJSON: [UInt8]?
    public var procfile: [UInt8]?
    /// What the folder holds, itself.
    public var names: Set<String>

    public init(packageJSON: [UInt8]?, procfile: [UInt8]? = nil, names: Set<String> = []) {
        self.packageJSON = packageJSON
        self.procfile = procfile
        self.names = names
    }

    /// The command of the Procfile's process type `web`. Source: Heroku, "The Procfile".
    var web: String? {
        guard let procfile else { return nil }
        for line in String(decoding: procfile, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0] == "web" { return String(parts[1].drop(while: \.isWhitespace)) }
        }
        return nil
    }
}
