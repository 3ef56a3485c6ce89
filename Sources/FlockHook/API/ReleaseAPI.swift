import FlockCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Marathon
import NIOCore

/// What `flock releases`, `flock rollback`, `flock promote`, `flock canary` and `flock names` ask over the unix socket.
/// What is refused is answered 400, 404 or 409, as `{"code", "message"}`.
struct ReleaseAPI: Sendable {
    let releases: Releases

    func addRoutes(to router: Router<BasicRequestContext>) {
        router.get("/v1/releases") { request, _ in
            try await answer {
                let slug = try slug(request)
                return try await releases.history(of: slug)
            }
        }
        router.post("/v1/rollback") { request, _ in
            try await answer {
                let slug = try slug(request)
                let number = request.uri.queryParameters["to"]
                guard let number else { return try await releases.rollback(slug, to: nil) }
                guard let wanted = Int(number) else {
                    throw ReleaseRefusal(.releaseUnknown, "\"\(number)\" is no number of a release")
                }
                return try await releases.rollback(slug, to: wanted)
            }
        }
        router.post("/v1/promote") { request, _ in
            try await answer {
                let query = request.uri.queryParameters
                if let preview = query["preview"] { return try await releases.promote(preview: String(preview)) }
                do {
                    let version = try AppVersion(String(query["version"] ?? ""))
                    return try await releases.promote(try slug(request), version: version)
                } catch let error as NameError {
                    throw ReleaseRefusal(.versionUnknown, error.message)
                }
            }
        }
        router.post("/v1/canary") { request, _ in
            try await answer {
                let query = request.uri.queryParameters
                let text = String(query["percent"] ?? "")
                guard let percent = Int(text), ReleaseRecord.Canary.percents.contains(percent) else {
                    throw ReleaseRefusal(.percentInvalid, "\"\(text)\" is no share of the visitors; use 1 to 99")
                }
                let version = try AppVersion(String(query["version"] ?? ""))
                return try await releases.beginCanary(of: try slug(request), version, percent: percent)
            }
        }
        router.delete("/v1/canary") { request, _ in
            try await answer { try await releases.endCanary(of: try slug(request)) }
        }
        router.get("/v1/names") { _, _ in
            try await answer { try await releases.store.claims() }
        }
        router.delete("/v1/names") { request, _ in
            try await answer {
                let claim = try await releases.store.releaseName(try slug(request))
                releases.logger.info(
                    "a name was released", metadata: ["name": "\(claim.name)", "repository": "\(claim.repository)"])
                return claim
            }
        }
    }

    private func slug(_ request: Request) throws -> Slug {
        let name = String(request.uri.queryParameters["app"] ?? "")
        guard let slug = Slug(name) else { throw ReleaseRefusal(.releaseUnknown, "\"\(name)\" is no name of an app") }
        return slug
    }

    private struct Refused: Encodable { var code, message: String }

    private func answer(_ make: () async throws -> some Encodable) async throws -> Response {
        do {
            return try Self.json(try await make(), .ok)
        } catch let refusal as ReleaseRefusal {
            let isUnknown = [.releaseUnknown, .versionUnknown, .previewUnknown, .nameUnknown].contains(refusal.code)
            return try Self.json(
                Refused(code: refusal.code.rawValue, message: refusal.message), isUnknown ? .notFound : .conflict)
        } catch let error as NameError {
            return try Self.json(Refused(code: error.code.rawValue, message: error.message), .badRequest)
        } catch let error as MarathonError {
            return try Self.json(
                Refused(code: error.code.rawValue, message: "\(error.operation): \(error.message)"), .badGateway)
        }
    }

    private static func json(_ value: some Encodable, _ status: HTTPResponse.Status) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try PartJSON.encoder.encode(value))))
    }
}
