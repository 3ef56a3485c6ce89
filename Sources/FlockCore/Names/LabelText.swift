extension String {
    /// ASCII lower case, every run of other characters than `[a-z0-9]` one hyphen, none at the ends.
    func asLabel() -> String {
        var label = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9": label.unicodeScalars.append(scalar)
            case "A"..."Z": label.append(Character(Unicode.Scalar(UInt8(scalar.value) + 32)))
            default: if !label.isEmpty && !label.hasSuffix("-") { label.append("-") }
            }
        }
        return label.trimmingHyphens()
    }

    /// At most `limit` characters; what had to be cut ends in six characters of a hash of `original`.
    func shortened(to limit: Int, hashing original: String) -> String {
        guard count > limit else { return self }
        return String(prefix(limit - 7)).trimmingHyphens() + "-" + ShortHash.of(original, length: 6)
    }

    func trimmingHyphens() -> String {
        var text = self[...]
        while text.hasPrefix("-") { text.removeFirst() }
        while text.hasSuffix("-") { text.removeLast() }
        return String(text)
    }
}
