import Foundation
import Telemetry
import Testing

/// The Prometheus text against the vectors of TensorFlow Serving's contract.
@Suite("contract vectors of the metrics")
struct ContractVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let kind: String
        let metric: String
        let labels: [String: String]
        let value: Int
        let wanted: String

        var testDescription: String { name }
    }

    /// Those of the file that `APUS_REST_VECTORS` names, or of the one in the fixtures.
    static let vectors: [Vector] = {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/REST/rest_vectors.json")
        let file = ProcessInfo.processInfo.environment["APUS_REST_VECTORS"].map { URL(filePath: $0) } ?? fixture
        do {
            let root = try JSONSerialization.jsonObject(with: try Data(contentsOf: file)) as? [String: Any]
            let all = root?["vectors"] as? [[String: Any]] ?? []
            return all.filter { $0["kind"] as? String == "codec.prometheus" && $0["differs"] == nil }.map { fields in
                let request = fields["request"] as? [String: Any] ?? [:]
                return Vector(
                    name: fields["name"] as? String ?? "?", kind: request["type"] as? String ?? "?",
                    metric: request["name"] as? String ?? "?", labels: request["labels"] as? [String: String] ?? [:],
                    value: request["value"] as? Int ?? -1, wanted: fields["response_contains"] as? String ?? "?")
            }
        } catch {
            return [
                Vector(name: "unreadable vector file: \(error)", kind: "?", metric: "?", labels: [:], value: 0, wanted: "?")
            ]
        }
    }()

    @Test("the text of a metric is as the original's exporter prints it", arguments: vectors)
    func prints(_ vector: Vector) throws {
        let store = MetricStore()
        let labels = vector.labels.sorted { $0.key < $1.key }
        // Label names are part of the description, here as the vector has them.
        let description = MetricDescription(vector.metric, labels: labels.map(\.key), help: "", dialect: .tensorFlowServing)
        switch vector.kind {
        case "counter": store.counter(description).cell(labels.map(\.value)).increment(by: UInt64(vector.value))
        case "gauge": store.readGauge(description) { [.init(labels.map(\.value), Double(vector.value))] }
        default: Issue.record("a vector of unknown type \(vector.kind)")
        }
        #expect(PrometheusText.render(store).contains(vector.wanted))
    }
}
