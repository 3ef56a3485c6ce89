import Testing

@testable import HAProxy

@Suite struct PEMTextTests {
    static let certificate = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
    static let key = "-----BEGIN EC PRIVATE KEY-----\nU0VDUkVU\n-----END EC PRIVATE KEY-----\n"

    @Test func `blocks are found between other lines`() {
        let text = "Bag Attributes\n  name: x\n\n\(Self.certificate)\n\n\r\n\(Self.key)trailing"
        let pem = PEMText(in: text)
        #expect(pem.blocks.map(\.label) == ["CERTIFICATE", "EC PRIVATE KEY"])
        #expect(pem.blocks.map(\.isKey) == [false, true])
        #expect(pem.text == Self.certificate + Self.key)
    }

    @Test func `lines of Windows are lines`() {
        #expect(PEMText(in: Self.key.replacing("\n", with: "\r\n")).text == Self.key)
    }

    @Test(arguments: [
        "-----BEGIN CERTIFICATE-----\nQUJD; show info\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nQUJD\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nQUJD\n", "-----BEGIN a\nb-----\nQUJD\n-----END a\nb-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nQUJD\n-----END RSA PRIVATE KEY-----\n", "",
    ])
    func `what is no block is left out`(_ text: String) {
        #expect(PEMText(in: text).blocks.isEmpty)
    }

    @Test func `its description tells nothing of a key`() {
        let pem = PEMText(in: Self.certificate + Self.key)
        let command = RuntimeCommand.setCertificate(path: PathToken("/c/a.pem")!, pem)
        for text in ["\(pem)", "\(command)", "\(RuntimeAnswer(command: command, text: "no").refusal!)"] {
            #expect(!text.contains("U0VD") && !text.contains("QUJD"), "\(text)")
        }
    }
}
