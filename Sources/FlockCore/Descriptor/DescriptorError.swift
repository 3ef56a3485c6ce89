/// What is wrong in a package.json, where, and what would be right.
public struct DescriptorError: Error, Sendable, Hashable, CustomStringConvertible {
    public struct Code: RawRepresentable, Sendable, Hashable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let fileMissing = Self(rawValue: "package_missing")
        public static let notJSON = Self(rawValue: "package_not_json")
        public static let wrongType = Self(rawValue: "descriptor_wrong_type")
        public static let outOfRange = Self(rawValue: "descriptor_out_of_range")
        public static let unknownKey = Self(rawValue: "descriptor_unknown_key")
        public static let noCommand = Self(rawValue: "descriptor_no_command")
        /// A key that does not go with another one.
        public static let conflict = Self(rawValue: "descriptor_conflict")
        public static let noImage = Self(rawValue: "image_missing")
    }

    public var code: Code
    public var file: String
    /// Such as `flock.instances`; `nil` where the whole file is meant.
    public var key: String?
    public var message: String

    public init(_ code: Code, file: String = "package.json", key: String? = nil, message: String) {
        self.code = code
        self.file = file
        self.key = key
        self.message = message
    }

    public var description: String {
        "\(file): \(key.map { "\($0): " } ?? "")\(message) [\(code.rawValue)]"
    }
}

/// All that is wrong in a package.json; never empty.
public struct DescriptorProblems: Error, Sendable, Hashable, CustomStringConvertible {
    public var first: DescriptorError
    public var others: [DescriptorError]

    public var all: [DescriptorError] { [first] + others }
    public var description: String { all.map(\.description).joined(separator: "\n") }

    public init(_ first: DescriptorError, others: [DescriptorError] = []) {
        self.first = first
        self.others = others
    }
}
