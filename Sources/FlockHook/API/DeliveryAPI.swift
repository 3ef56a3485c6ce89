import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore

/// What forges ask over TCP: deliveries. Nothing here tells about deploys.
public struct DeliveryAPI: Sendable {
    private let hook: HookService
    /// GitHub sends nothing larger.
    private static let bodyLimit = 25 << 20
    private static let smallBody = 256 << 10
    /// A forge gives up sooner.
    private static let bodyDeadline = Duration.seconds(30)
    /// Eight of the largest, each of which is held some four times while it is read.
    private let room = DeliveryRoom(limit: 8 * bodyLimit)

    public init(hook: HookService) {
        self.hook = hook
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        let paths: [(String, Forge?)] =
            [("/hooks", nil)] + Forge.allCases.filter { $0 != .git }.map { ("/\($0.rawValue)", $0) }
        for (path, forge) in paths {
            router.post(RouterPath(path)) { request, _ in try await answer(request, expecting: forge) }
            for method in [HTTPRequest.Method.get, .head, .put, .patch, .delete] {
                router.on(RouterPath(path), method: method) { _, _ in
                    var response = Self.refuse(DeliveryRefusal(.methodNotAllowed, "deliveries are sent with POST"))
                    response.headers[.allow] = "POST"
                    return response
                }
            }
        }
    }

    private func answer(_ request: Request, expecting forge: Forge?) async throws -> Response {
        do {
            let receipts = try await receive(request, expecting: forge)
            let isQueued = receipts.contains { !$0.isDuplicate && $0.deploys.contains { !$0.state.isFinal } }
            return Self.json(DeliveryAnswer(receipts), isQueued ? .accepted : .ok)
        } catch let refusal as DeliveryRefusal {
            return Self.refuse(refusal)
        }
    }

    private func receive(_ request: Request, expecting expected: Forge?) async throws -> [HookStore.Receipt] {
        let length = request.headers[.contentLength].flatMap(Int.init) ?? Self.bodyLimit
        guard length <= Self.bodyLimit else {
            throw DeliveryRefusal(.bodyTooLarge, "the body is larger than 25 MiB")
        }
        let header: (String) -> String? = { name in HTTPField.Name(name).flatMap { request.headers[$0] } }
        let head = try DeliveryHead(expecting: expected, header)
        // Most are small, and those who send large ones must not keep them out.
        let share = length > Self.smallBody ? length : 0
        guard room.take(share) else {
            throw DeliveryRefusal(.tooManyBodies, "too many large deliveries at once; deliver it again")
        }
        defer { room.giveBack(share) }
        let raw = try await Self.collect(request.body)
        let body = try DeliveryBody(raw, contentType: request.headers[.contentType], forge: head.forge)
        let payload = try DeliveryPayload(json: body.json, head: head)
        // A forge that names no delivery cannot send one again.
        let id = head.id ?? UUID().uuidString.lowercased()
        if payload.event == .ping, payload.addresses.isEmpty {
            guard hook.repositories.greets(head.proof, body.signed) else { throw DeliveryRefusal.unproven }
            return try await hook.accept([
                Delivery(forge: head.forge, id: id, repository: nil, event: "ping", reason: .pong(nil))
            ])
        }
        let programs = hook.repositories.find(payload.addresses, provenBy: head.proof, of: body.signed)
        guard !programs.isEmpty else { throw DeliveryRefusal.unproven }
        return try await hook.accept(try programs.map { try Self.delivery(payload, head.forge, id: id, to: $0) })
    }

    private static func delivery(
        _ payload: DeliveryPayload, _ forge: Forge, id: String, to program: KnownRepository
    ) throws -> Delivery {
        switch payload.event {
        case .push: Delivery(forge: forge, id: id, repository: program, changes: payload.changes)
        case .ping: Delivery(forge: forge, id: id, repository: program, event: "ping", reason: .pong(program.key))
        case .pullRequest: try Delivery(forge: forge, id: id, repository: program, pullRequest: payload.pullRequest)
        case .other(let name):
            Delivery(forge: forge, id: id, repository: program, event: name, reason: .eventIgnored(name))
        case .inBody:
            Delivery(forge: forge, id: id, repository: program, event: "system", reason: .eventIgnored("system"))
        }
    }

    private static func collect(_ body: RequestBody) async throws -> [UInt8] {
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask {
                do {
                    return Array(try await body.collect(upTo: bodyLimit).readableBytesView)
                } catch is NIOTooManyBytesError {
                    throw DeliveryRefusal(.bodyTooLarge, "the body is larger than 25 MiB")
                }
            }
            group.addTask {
                try await Task.sleep(for: bodyDeadline)
                throw DeliveryRefusal(.bodyTooSlow, "the body was not there within \(bodyDeadline)")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    // MARK: Answers

    private static func refuse(_ refusal: DeliveryRefusal) -> Response {
        let status: HTTPResponse.Status =
            switch refusal.code {
            case .bodyTooLarge: .contentTooLarge
            case .contentTypeUnsupported: .unsupportedMediaType
            case .methodNotAllowed: .methodNotAllowed
            case .signatureInvalid: .unauthorized
            case .bodyTooSlow: .requestTimeout
            case .draining, .storeUnavailable, .tooManyBodies: .serviceUnavailable
            default: .badRequest
            }
        var response = json(DeliveryAnswer(code: refusal.code, refusal.message), status)
        if status == .serviceUnavailable { response.headers[.retryAfter] = "5" }
        return response
    }

    private static func json(_ answer: DeliveryAnswer, _ status: HTTPResponse.Status) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = (try? encoder.encode(answer)) ?? Data()
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }
}
