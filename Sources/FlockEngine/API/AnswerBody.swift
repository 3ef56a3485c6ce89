import Foundation
import HTTPTypes
import Hummingbird
import Marathon
import NIOCore

extension Response {
    /// JSON as Marathon writes it: slashes are not escaped.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response
    {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        var headers = headers
        headers[.contentType] = "application/json"
        do {
            return Response(
                status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
        } catch {
            return Response(status: .internalServerError)
        }
    }

    /// The answer to a change that began a deployment.
    static func deployment(
        _ result: DeploymentResult, status: HTTPResponse.Status = .ok, location: String? = nil
    ) -> Response {
        var headers: HTTPFields = [deploymentID: result.deploymentId]
        headers[.location] = location
        return json(result, status: status, headers: headers)
    }

    static let deploymentID = HTTPField.Name("Marathon-Deployment-Id") ?? .eTag

    static func text(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// Marathon's body for what went wrong. Source: MarathonExceptionMapper.
    static func failure(_ error: any Error) -> Response {
        struct Body: Encodable {
            var message: String
            var details: [EngineError.Detail]?
            var deployments: [[String: String]]?
        }
        struct Syntax: Encodable {
            var message = "Invalid JSON"
            var details: String
        }
        guard let error = error as? EngineError else {
            return json(Body(message: "\(error)"), status: .internalServerError)
        }
        switch error.code {
        case .syntax: return json(Syntax(details: error.message), status: .badRequest)
        case .invalid:
            return json(
                Body(message: error.message, details: error.details.isEmpty ? nil : error.details),
                status: .unprocessableContent)
        case .notFound: return json(Body(message: error.message), status: .notFound)
        case .conflict: return json(Body(message: error.message), status: .conflict)
        case .locked:
            return json(
                Body(message: error.message, deployments: error.deployments.map { ["id": $0] }), status: .conflict)
        case .malformed: return json(Body(message: error.message), status: .badRequest)
        case .busy: return json(Body(message: error.message), status: .forbidden)
        case .storage, .artifact, .launch, .isolationRefused:
            return json(Body(message: error.message), status: .serviceUnavailable)
        }
    }
}
