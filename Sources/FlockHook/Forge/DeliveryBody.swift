/// A delivery's body: the bytes that are signed, and the JSON in it.
struct DeliveryBody: Sendable, Hashable {
    var signed: [UInt8]
    var json: [UInt8]

    init(_ raw: [UInt8], contentType: String?, forge: Forge) throws(DeliveryRefusal) {
        let type = contentType?.prefix { $0 != ";" }.trimmingSpaces.lowercased()
        switch type {
        case "application/json":
            (signed, json) = (raw, raw)
        case "application/x-www-form-urlencoded":
            guard let payload = Self.field("payload", in: raw) else {
                throw DeliveryRefusal(.payloadInvalid, "the form has no field \"payload\"")
            }
            json = payload
            // GitHub signs the form, Gitea what is in it.
            signed = forge == .gitea ? payload : raw
        default:
            throw DeliveryRefusal(
                .contentTypeUnsupported, "the content type is not application/json; set the webhook's to it")
        }
    }

    private static func field(_ name: String, in form: [UInt8]) -> [UInt8]? {
        let start = Array("\(name)=".utf8)
        return form.split(separator: UInt8(ascii: "&")).first { $0.starts(with: start) }
            .flatMap { decode($0.dropFirst(start.count)) }
    }

    /// Source: WHATWG URL, application/x-www-form-urlencoded parsing.
    private static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            switch text[index] {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard index + 2 < text.endIndex, let high = Hex.value(text[index + 1]),
                    let low = Hex.value(text[index + 2])
                else { return nil }
                bytes.append(high << 4 | low)
                index += 2
            case let byte: bytes.append(byte)
            }
            index += 1
        }
        return bytes
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
