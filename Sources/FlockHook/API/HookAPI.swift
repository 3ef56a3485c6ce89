import FlockCore
import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore

/// What forges and tasks ask over TCP: deliveries and artifacts. Nothing here tells about deploys.
public struct HookAPI: Sendable {
    private let hook: HookService
    /// GitHub sends nothing larger.
    private static let bodyLimit = 25 << 20

    public init(hook: HookService) {
        self.hook = hook
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        router.post("/github") { request, _ in try await github(request) }
        router.get("/artifacts/:name") { _, context in try artifact(context) }
    }

    // MARK: Deliveries

    private struct Answer: Encodable {
        var deploy: Int64?
        var state: String?
        var code: String?
        var message: String
    }

    private func github(_ request: Request) async throws -> Response {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > Self.bodyLimit {
            return Self.refuse(.contentTooLarge, "body_too_large", "the body is larger than 25 MiB")
        }
        let body: [UInt8]
        do {
            body = Array(try await request.body.collect(upTo: Self.bodyLimit).readableBytesView)
        } catch is NIOTooManyBytesError {
            return Self.refuse(.contentTooLarge, "body_too_large", "the body is larger than 25 MiB")
        }
        guard let event = Self.header("X-GitHub-Event", request),
            let delivery = Self.header("X-GitHub-Delivery", request)
        else {
            return Self.refuse(.badRequest, "header_missing", "X-GitHub-Event and X-GitHub-Delivery are needed")
        }
        guard (1...100).contains(delivery.utf8.count) else {
            return Self.refuse(.badRequest, "header_invalid", "X-GitHub-Delivery is longer than 100 bytes")
        }
        guard let push = PushPayload(json: body) else {
            return Self.refuse(
                .badRequest, "json_invalid",
                "the body is not valid JSON; set the webhook's content type to application/json")
        }
        let signature = Self.header(WebhookSignature.header, request) ?? ""
        // The same answer for an unknown repository, so that nobody learns which ones are known.
        guard let repository = hook.repositories.find(push.addresses),
            WebhookSignature.isValid(signature, of: body, secret: repository.secret)
        else {
            return Self.refuse(
                .unauthorized, "signature_invalid", "the signature does not fit, or the repository is not configured")
        }
        switch event {
        case "ping": return Self.json(Answer(message: "pong: pushes to \(repository.key) will be deployed"), .ok)
        case "push": break
        default:
            return Self.json(Answer(code: "event_ignored", message: "ignored: \(event) events deploy nothing"), .ok)
        }
        let receipt = try await hook.accept(delivery: delivery, push: push, repository: repository)
        let deploy = receipt.deploy
        var answer = Answer(
            deploy: deploy.id, state: deploy.state.rawValue, code: deploy.code, message: "deploy \(deploy.id)")
        if deploy.state == .ignored { answer.message = "ignored: \(deploy.reason ?? "")" }
        if receipt.isDuplicate { answer.message = "this delivery was received before, as deploy \(deploy.id)" }
        return Self.json(answer, deploy.state == .ignored || receipt.isDuplicate ? .ok : .accepted)
    }

    // MARK: Artifacts

    private func artifact(_ context: BasicRequestContext) throws -> Response {
        let name = context.parameters.get("name") ?? ""
        let isName =
            name.hasSuffix(".tar") && !name.hasPrefix(".")
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            }
        guard isName, let file = FileHandle(forReadingAtPath: "\(hook.state.artifacts)/\(name)") else {
            throw HTTPError(.notFound)
        }
        let size = Int(try file.seekToEnd())
        try file.seek(toOffset: 0)
        return Response(
            status: .ok, headers: [.contentType: "application/x-tar"],
            body: .init(contentLength: size) { writer in
                defer { try? file.close() }
                while let data = try file.read(upToCount: 256 << 10), !data.isEmpty {
                    try await writer.write(ByteBuffer(bytes: data))
                }
                try await writer.finish(nil)
            })
    }

    // MARK: Details

    private static func header(_ name: String, _ request: Request) -> String? {
        HTTPField.Name(name).flatMap { request.headers[$0] }
    }

    private static func refuse(_ status: HTTPResponse.Status, _ code: String, _ message: String) -> Response {
        json(Answer(code: code, message: message), status)
    }

    private static func json(_ answer: Answer, _ status: HTTPResponse.Status) -> Response {
        let data = (try? JSONEncoder().encode(answer)) ?? Data()
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }
}
