import Testing

@testable import FlockCore

@Suite struct AppVersionTests {
    @Test(arguments: NamesFixture.shared.version.filter { $0.text != nil })
    func `versions have the spellings that are written down`(_ example: NamesFixture.Case) throws {
        let text = try #require(example.text)
        if let code = example.errorCode {
            let error = #expect(throws: NameError.self) { try AppVersion(text) }
            #expect(error?.code.rawValue == code)
        } else {
            let version = try AppVersion(text)
            #expect(example.output == .array([.string(version.idText), .string(version.hostText)]))
        }
    }
}
