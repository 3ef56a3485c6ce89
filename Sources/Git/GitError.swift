/// Why something in a git repository could not be read, exported or fetched.
public struct GitError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; the raw value is fit for logs and for a search.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The object, the branch or the file's parent object is not there.
        public static let notFound = Code(rawValue: "git.not-found")
        /// The folder is not a bare git repository, or it does not exist.
        public static let notARepository = Code(rawValue: "git.not-a-repository")
        /// There is already a repository where one was to be created.
        public static let alreadyExists = Code(rawValue: "git.already-exists")
        /// A branch name or a path that git does not accept.
        public static let invalidName = Code(rawValue: "git.invalid-name")
        /// The id names a blob or a tree where a commit is needed.
        public static let notACommit = Code(rawValue: "git.not-a-commit")
        /// The path names a folder where a file is needed.
        public static let notAFile = Code(rawValue: "git.not-a-file")
        /// The path names something else where a folder is needed.
        public static let notAFolder = Code(rawValue: "git.not-a-folder")
        /// A limit on files, bytes, depth or length was exceeded.
        public static let tooLarge = Code(rawValue: "git.too-large")
        /// A name, mode or link that is refused because it could write or read outside its folder.
        public static let unsafeEntry = Code(rawValue: "git.unsafe-entry")
        /// A submodule stands where files are needed.
        public static let submodule = Code(rawValue: "git.submodule")
        /// The repository holds only a Git LFS pointer to the file.
        public static let lfsPointer = Code(rawValue: "git.lfs-pointer")
        /// An object is damaged, or is not of the type its parent says.
        public static let corrupt = Code(rawValue: "git.corrupt")
        /// The URL's scheme or form is not allowed.
        public static let unsafeURL = Code(rawValue: "git.unsafe-url")
        /// The host's name leads to an address that is not public.
        public static let unsafeAddress = Code(rawValue: "git.unsafe-address")
        /// The server redirects to another host.
        public static let unsafeRedirect = Code(rawValue: "git.unsafe-redirect")
        /// The server has no such repository, or hides it.
        public static let repositoryNotFound = Code(rawValue: "git.repository-not-found")
        /// Nobody takes the connection.
        public static let unreachable = Code(rawValue: "git.unreachable")
        /// The server did not speak git, or reported an error.
        public static let fetchFailed = Code(rawValue: "git.fetch-failed")
        /// The server asks for credentials, or refuses the ones it was shown.
        public static let authentication = Code(rawValue: "git.authentication")
        /// The server's TLS certificate is not valid.
        public static let certificate = Code(rawValue: "git.certificate")
        /// The ssh server shows a key that is not among those it may show, or none is known.
        public static let hostKey = Code(rawValue: "git.host-key")
        /// The deadline passed.
        public static let timedOut = Code(rawValue: "git.timed-out")
        /// The task that asked was cancelled.
        public static let cancelled = Code(rawValue: "git.cancelled")
        /// The operating system refused to read or write a file.
        public static let fileSystem = Code(rawValue: "git.file-system")
        /// Any other failure that libgit2 reports.
        public static let other = Code(rawValue: "git.other")
    }

    public let code: Code
    /// What was being done, such as `read package.json`.
    public let operation: String
    /// The cause, for a person.
    public let message: String
    /// The next thing to do, where it is known.
    public let hint: String?

    public init(_ code: Code, operation: String, message: String, hint: String? = nil) {
        self.code = code
        self.operation = operation
        self.message = message
        self.hint = hint
    }

    public var description: String {
        let sentence = "\(operation): \(message) [\(code.rawValue)]"
        return hint.map { "\(sentence); \($0)" } ?? sentence
    }

    /// What another machine said, fit for a log: one line, without control characters, and not long.
    static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(300).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: Unicode.Scalar(UInt8(ascii: " "))
            default: scalar
            }
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view).split(separator: " ").joined(separator: " ")
    }
}
