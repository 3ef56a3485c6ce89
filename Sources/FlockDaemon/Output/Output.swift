import FlockCore
public import Foundation

/// What a command says: to people on standard output, to programs as JSON.
public enum Output {
    public static func write(_ text: String) { write(Data(text.utf8)) }

    /// A part of a text, which may end within a character.
    public static func write(_ bytes: Data) { FileHandle.standardOutput.write(bytes) }

    /// Keys in order, so that two runs can be compared.
    public static func write(json value: some Encodable) throws {
        let encoder = PartJSON.encoder
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
    }

    public static func complain(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// Colours are for terminals, unless NO_COLOR says otherwise (no-color.org).
    public static var hasColours: Bool {
        isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    }

    /// "3 s ago", "2 min ago", "5 h ago", "4 days ago".
    public static func age(_ date: Date, now: Date = Date()) -> String {
        let seconds = max(0, Int(now.timeIntervalSince(date)))
        switch seconds {
        case ..<60: return "\(seconds) s ago"
        case ..<3600: return "\(seconds / 60) min ago"
        case ..<172_800: return "\(seconds / 3600) h ago"
        default: return "\(seconds / 86_400) days ago"
        }
    }
}
