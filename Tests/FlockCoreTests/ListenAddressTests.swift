import FlockCore
import Foundation
import Testing

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8000", "127.0.0.1", 8000), ("[::1]:80", "::1", 80), ("*:0", "*", 0),
        ("Node-1.x:65535", "Node-1.x", 65535),
    ])
    func `host and port are read and written back`(_ text: String, _ host: String, _ port: Int) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.host == host && address.port == port)
        #expect(address.description == text)
        #expect(try JSONDecoder().decode(ListenAddress.self, from: JSONEncoder().encode(address)) == address)
    }

    @Test(arguments: ["", "8000", ":80", "a:", "a:b", "a:65536", "a:-1", "a b:80", "a\nb:80", "a;b:80", "a/b:80"])
    func `what is no address is refused`(_ text: String) throws {
        #expect(ListenAddress(text) == nil)
        let json = try JSONEncoder().encode(text)
        let error = try #require(throws: DecodingError.self) {
            try JSONDecoder().decode(ListenAddress.self, from: json)
        }
        #expect("\(error)".contains("write HOST:PORT"))
    }
}
