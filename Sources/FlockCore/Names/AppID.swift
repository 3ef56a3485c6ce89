/// An absolute Marathon id such as `/shop-1.0.1` or `/preview/feature-x/shop`: what may stand in a path, a
/// configuration file and a header. Source: Marathon's PathId.
public enum AppID {
    public static func isValid(_ text: String) -> Bool {
        guard text.hasPrefix("/"), (2...512).contains(text.utf8.count) else { return false }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { segment in
            segment.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.utf8.allSatisfy {
                        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
                    }
            }
        }
    }
}
