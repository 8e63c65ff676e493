import Inference
import ModelServing
import OpenInference
import ServableCore
import Telemetry

/// What the gRPC server is joined with.
struct GRPCParts: Sendable {
    let service: PredictionService
    let lanes: LanePool
    let openInference: OpenInferenceService
    let manager: ServableManager
    let readiness: Readiness
    /// Receives the records of calls that found no signature.
    let observer: MetricsBoard
    let metrics: MetricStore
}
