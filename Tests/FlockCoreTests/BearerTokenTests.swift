import FlockTesting
import Foundation
import Testing

@testable import FlockCore

@Suite struct BearerTokenTests {
    private let text = "0123456789abcdef0123456789abcdef"

    @Test func `only the same token is let in, and a changed file holds at once`() throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/token"
        let token = BearerToken(file: file)
        #expect(!token.isUsable && token.authorization == nil && !token.accepts(authorization: "Bearer "))
        try "\(text)\n".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(token.isUsable && token.authorization == "Bearer \(text)")
        #expect(token.accepts(authorization: "Bearer \(text)"))
        for wrong in [nil, "", "Bearer", text, "Bearer \(text)0", "Bearer \(text.dropLast())", "Basic \(text)"] {
            #expect(!token.accepts(authorization: wrong))
        }
        let other = String(text.reversed())
        try other.write(toFile: file, atomically: true, encoding: .utf8)
        #expect(token.accepts(authorization: "Bearer \(other)") && !token.accepts(authorization: "Bearer \(text)"))
    }

    @Test(arguments: ["", "short", "0123456789abcdef0123456789abcde"])
    func `one that can be guessed lets nobody in`(_ short: String) throws {
        let folder = try TemporaryFolder()
        try short.write(toFile: "\(folder.path)/token", atomically: true, encoding: .utf8)
        let token = BearerToken(file: "\(folder.path)/token")
        #expect(!token.isUsable && !token.accepts(authorization: "Bearer \(short)"))
    }
}
