import FoundationEssentials

/// What a running daemon says of itself at one moment.
struct DaemonReading: Sendable {
    /// The response of `GET /v1/models`.
    struct ModelList: Decodable, Sendable {
        struct Version: Decodable, Sendable {
            let version: Int64
            let state: String
            let error: String?
            let notice: String?
        }

        struct Model: Decodable, Sendable {
            let name: String
            let versions: [Version]
            let labels: [String: Int64]
            let problem: String?
        }

        let models: [Model]
    }

    private struct ReadinessBody: Decodable {
        let status: String?
        let reasons: [String]?
    }

    let instant: ContinuousClock.Instant
    let models: [ModelList.Model]
    /// `ready`, `degraded` or `not ready`.
    let readiness: String
    let reasons: [String]
    /// Nil where the listener does not offer metrics.
    let metrics: PrometheusSamples?

    private static let metricsPath = "/metrics"

    init(_ connection: ClientConnection) throws {
        instant = .now
        models = try Self.decoded(ModelList.self, "/v1/models", connection).value.models
        let (body, status) = try Self.decoded(ReadinessBody.self, "/readyz", connection, allowing: 503)
        readiness = status == 503 ? "not ready" : body.status ?? "ready"
        reasons = body.reasons ?? []
        let response = try connection.get(Self.metricsPath)
        metrics = response.status == 200 ? PrometheusSamples(String(decoding: response.body, as: UTF8.self)) : nil
    }

    private static func decoded<Value: Decodable>(
        _ type: Value.Type, _ path: String, _ connection: ClientConnection, allowing other: Int = 200
    ) throws -> (value: Value, status: Int) {
        let response = try connection.get(path)
        let subject = "\(connection.address.text)\(path)"
        guard response.status == 200 || response.status == other else {
            throw CommandFailure(.unavailable, "\(subject) answers with status \(response.status), expected 200; is it an Apus daemon?")
        }
        do {
            return (try JSONDecoder().decode(type, from: Data(response.body)), response.status)
        } catch {
            throw CommandFailure(.unavailable, "\(subject) does not answer as Apus does; is another server there?")
        }
    }
}
