import FlockCore
import HTTPTypes
import Hummingbird

/// Lets in who shows the token; everybody else learns nothing, not even which paths there are.
struct TokenCheck: RouterMiddleware {
    let token: BearerToken

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        guard token.accepts(authorization: request.headers[.authorization]) else {
            return Response(status: .unauthorized, headers: [.wwwAuthenticate: "Bearer"])
        }
        return try await next(request, context)
    }
}
