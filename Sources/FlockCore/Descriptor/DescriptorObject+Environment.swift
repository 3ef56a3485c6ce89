extension DescriptorObject {
    /// `env` of this object.
    func environment() -> [String: EnvironmentValue] {
        guard let object = object("env") else { return [:] }
        var result: [String: EnvironmentValue] = [:]
        for (name, value) in object.keys.sorted(by: { $0.key < $1.key }) {
            let isName = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "=") }
            if case .string(let text) = value, !isName || text.utf8.contains(0) {
                object.note(.outOfRange, name, "is no name or value for an environment variable")
            } else if case .string(let text) = value {
                result[name] = .text(text)
            } else if case .object = value {
                result[name] = DescriptorObject(value, at: object.full(name), place: "flock.env.*", findings)?
                    .reference()
            } else {
                object.wrong(name, value, "a string, {\"secret\": \"NAME\"} or {\"consul\": \"KEY\"}")
            }
        }
        return result
    }

    /// Of one variable.
    private func reference() -> EnvironmentValue? {
        let (secret, consul) = (string("secret"), string("consul"))
        close()
        switch (secret, consul) {
        case (let name?, nil):
            if EnvironmentValue.isSecretName(name) { return .secret(name) }
            wrong("secret", .string(name), "the name of a secret: letters, digits and . _ -")
        case (nil, let key?):
            if EnvironmentValue.isConsulKey(key) { return .consul(key) }
            wrong("consul", .string(key), "a key such as \"database/url\"")
        default:
            if keys["secret"] == nil || keys["consul"] != nil {
                note(.wrongType, nil, "has to be a string, {\"secret\": \"NAME\"} or {\"consul\": \"KEY\"}")
            }
        }
        return nil
    }
}

extension EnvironmentValue {
    /// A file of that name is read: no way out of its folder.
    static func isSecretName(_ text: String) -> Bool {
        !text.hasPrefix(".") && (1...128).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                    || "._-".unicodeScalars.contains($0)
            }
    }

    static func isConsulKey(_ text: String) -> Bool {
        text.utf8.count <= 512 && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isSegment)
    }

    private static func isSegment(_ text: Substring) -> Bool {
        text != "." && text != ".." && isSecretName("x" + text) && !text.isEmpty
    }
}
