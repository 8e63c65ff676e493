import GRPCCore
import GRPCMessages
import ServableCore
import SwiftProtobuf

/// `grpc.health.v1.Health`: what Kubernetes' probes and clients' balancers ask.
struct HealthMethods: Sendable {
    static let service = "grpc.health.v1.Health"

    /// The whole server, its services, and the two names without package that TensorFlow Serving registers.
    private static let names = [
        "", PredictionMethods.service, ModelMethods.service, InferenceMethods.service, "PredictionService", "ModelService",
    ]

    /// Between two looks whether the state has changed, for those that watch it.
    private static let interval = Duration.milliseconds(200)

    private let unreadiness: @Sendable () -> [String]
    private let drain: DrainFlag

    init(unreadiness: @escaping @Sendable () -> [String], _ drain: DrainFlag) {
        self.unreadiness = unreadiness
        self.drain = drain
    }

    func register(in table: inout MethodTable) {
        table.addUnary(Self.service, "Check", Grpc_Health_V1_HealthCheckRequest.self) { request, _ throws(ServableError) in
            let status = status(of: request.service)
            guard status != .serviceUnknown else {
                throw ServableError(.notFound, "no service \"\(request.service)\"; the empty name means the whole server")
            }
            return Grpc_Health_V1_HealthCheckResponse.with { $0.status = status }
        }
        table.addUnary(Self.service, "List", Grpc_Health_V1_HealthListRequest.self) { _, _ throws(ServableError) in
            Grpc_Health_V1_HealthListResponse.with { response in
                for name in Self.names { response.statuses[name] = .with { $0.status = status(of: name) } }
            }
        }
        table.addStreaming(Self.service, "Watch", .serverStreaming) { request, context in
            let hasTimeout = request.metadata[stringValues: "grpc-timeout"].contains { _ in true }
            let message = try await ServerRequest(stream: request).message
            let watched: Grpc_Health_V1_HealthCheckRequest
            do { watched = try message.read() } catch { throw ServableError.unreadable("HealthCheckRequest", "\(error)") }
            try await watch(watched.service, hasTimeout: hasTimeout, context)
        }
    }

    private func status(of name: String) -> Grpc_Health_V1_HealthCheckResponse.ServingStatus {
        guard Self.names.contains(name) else { return .serviceUnknown }
        return !drain.isSet && unreadiness().isEmpty ? .serving : .notServing
    }

    /// Sends the state, and again whenever it has changed, until the client leaves or the server drains.
    private func watch(_ name: String, hasTimeout: Bool, _ context: StreamContext) async throws {
        var sent: Grpc_Health_V1_HealthCheckResponse.ServingStatus?
        while true {
            let isOver = context.context.cancellation.isCancelled
            let status = status(of: name)
            if status != sent { try await context.write(Grpc_Health_V1_HealthCheckResponse.with { $0.status = status }) }
            sent = status
            if isOver { throw end(hasTimeout: hasTimeout) }
            try await Task.sleep(for: Self.interval)
        }
    }

    private func end(hasTimeout: Bool) -> ServableError {
        if drain.isSet { return ServableError(.unavailable, "the server is shutting down; watch another") }
        return hasTimeout
            ? ServableError(.deadlineExceeded, "the time that the watch has given itself is over")
            : ServableError(.cancelled, "the client has left")
    }
}
