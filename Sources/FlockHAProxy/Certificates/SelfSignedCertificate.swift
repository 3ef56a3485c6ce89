import Crypto
import HAProxy
import SwiftASN1

/// A certificate that nobody has signed, for clients that ask for a host of which there is none: TLS can be spoken
/// before the first certificate is there. RFC 5280, 4.1.
enum SelfSignedCertificate {
    /// - Parameter domain: it is for all its hosts, and for itself.
    /// - Returns: the certificate and its key, an elliptic one on P-256. It does not expire (RFC 5280, 4.1.2.5).
    static func make(domain: String) throws -> PEMText {
        let key = P256.Signing.PrivateKey()
        let content = try content(key.publicKey, hosts: [domain, "*.\(domain)"])
        var certificate = DER.Serializer()
        try certificate.appendConstructedNode(identifier: .sequence) { fields in
            fields.serializeRawBytes(content)
            try signatureAlgorithm(&fields)
            let signature = try key.signature(for: content).derRepresentation
            try fields.serialize(ASN1BitString(bytes: ArraySlice(signature)))
        }
        let document = PEMDocument(type: "CERTIFICATE", derBytes: certificate.serializedBytes)
        return PEMText(in: document.pemString + "\n" + key.pemRepresentation)
    }

    /// What is signed.
    private static func content(_ key: P256.Signing.PublicKey, hosts: [String]) throws -> [UInt8] {
        var content = DER.Serializer()
        try content.appendConstructedNode(identifier: .sequence) { fields in
            try fields.serialize(2, explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific)
            try fields.serialize(Int.random(in: 1...Int.max))
            try signatureAlgorithm(&fields)
            try name(&fields)
            try fields.appendConstructedNode(identifier: .sequence) { validity in
                try validity.serialize(UTCTime(year: 2025, month: 1, day: 1, hours: 0, minutes: 0, seconds: 0))
                try validity.serialize(
                    GeneralizedTime(
                        year: 9999, month: 12, day: 31, hours: 23, minutes: 59, seconds: 59, fractionalSeconds: 0))
            }
            try name(&fields)
            fields.serializeRawBytes(key.derRepresentation)
            try fields.serialize(explicitlyTaggedWithTagNumber: 3, tagClass: .contextSpecific) { field in
                try field.appendConstructedNode(identifier: .sequence) { extensions in
                    try extensions.appendConstructedNode(identifier: .sequence) { names in
                        try names.serialize(ASN1ObjectIdentifier(dotRepresentation: "2.5.29.17"))
                        try names.serialize(ASN1OctetString(contentBytes: alternativeNames(hosts)))
                    }
                }
            }
        }
        return content.serializedBytes
    }

    /// `ecdsa-with-SHA256` (RFC 5758, 3.2).
    private static func signatureAlgorithm(_ fields: inout DER.Serializer) throws {
        try fields.appendConstructedNode(identifier: .sequence) { algorithm in
            try algorithm.serialize(ASN1ObjectIdentifier(dotRepresentation: "1.2.840.10045.4.3.2"))
        }
    }

    /// Issuer and subject, one common name. A domain may be longer than a common name may.
    private static func name(_ fields: inout DER.Serializer) throws {
        try fields.appendConstructedNode(identifier: .sequence) { name in
            try name.appendConstructedNode(identifier: .set) { part in
                try part.appendConstructedNode(identifier: .sequence) { attribute in
                    try attribute.serialize(ASN1ObjectIdentifier(dotRepresentation: "2.5.4.3"))
                    try attribute.serialize(ASN1UTF8String("Flock, signed by nobody"))
                }
            }
        }
    }

    private static func alternativeNames(_ hosts: [String]) -> ArraySlice<UInt8> {
        var names = DER.Serializer()
        names.appendConstructedNode(identifier: .sequence) { names in
            for host in hosts {
                let dnsName = ASN1Identifier(tagWithNumber: 2, tagClass: .contextSpecific)
                names.appendPrimitiveNode(identifier: dnsName) { $0.append(contentsOf: host.utf8) }
            }
        }
        return ArraySlice(names.serializedBytes)
    }
}
