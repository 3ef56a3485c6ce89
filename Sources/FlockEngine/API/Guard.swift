import HTTPTypes
import Hummingbird

/// Lets a request through to what answers it, if its caller may, and turns errors into Marathon's bodies.
struct Guard: Sendable {
    let access: AccessControl

    func reading(
        _ answer: @escaping @Sendable (APIRequest) async throws -> Response
    ) -> @Sendable (Request, BasicRequestContext) async -> Response {
        answering(.read, answer)
    }

    func changing(
        _ answer: @escaping @Sendable (APIRequest) async throws -> Response
    ) -> @Sendable (Request, BasicRequestContext) async -> Response {
        answering(.change, answer)
    }

    private func answering(
        _ right: AccessControl.Right, _ answer: @escaping @Sendable (APIRequest) async throws -> Response
    ) -> @Sendable (Request, BasicRequestContext) async -> Response {
        { request, context in
            switch access.verdict(authorization: request.headers[.authorization], right: right) {
            case .allowed: break
            case .unknown:
                return .json(
                    ["message": "Invalid username or password."], status: .unauthorized,
                    headers: [.wwwAuthenticate: #"Basic realm="flock-engine""#])
            case .forbidden:
                return .json(["message": "Not Authorized to perform this action!"], status: .forbidden)
            case .tooMany(let seconds):
                return .json(
                    ["message": "Too many requests"], status: .tooManyRequests, headers: [.retryAfter: "\(seconds)"])
            }
            do {
                return try await answer(try APIRequest(request, context))
            } catch {
                return .failure(error)
            }
        }
    }
}
