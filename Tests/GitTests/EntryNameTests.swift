import Testing

@testable import Git

@Suite struct EntryNameTests {
    @Test(arguments: [
        "", ".", "..", "a/b", "a\\b", "a\nb", "a\u{7F}", String(repeating: "a", count: 256),
        ".git", ".GIT", ".gIt", "git~1", "GIT~1", ".git.", ".git ", ".git . .", ".git::$INDEX_ALLOCATION", ".git:x",
        "git~1::$INDEX_ALLOCATION", ".g\u{200C}it", "\u{FEFF}.git", ".git\u{202E}", ".g\u{206F}i\u{200D}t ",
    ])
    func refuses(_ name: String) {
        #expect(EntryName.refusal(of: Array(name.utf8)) != nil)
    }

    @Test(arguments: [
        "package.json", ".gitignore", ".gitattributes", ".github", "git", "git~2", "...", " a ", "a:b", "ünï.js",
        "日本.txt", "-rf", "*", String(repeating: "a", count: 255),
    ])
    func allows(_ name: String) {
        #expect(EntryName.refusal(of: Array(name.utf8)) == nil)
    }

    @Test func allowsBytesThatAreNotText() {
        #expect(EntryName.refusal(of: [0x61, 0xE9, 0x62]) == nil)
    }
}
