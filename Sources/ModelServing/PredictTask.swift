import Batching
package import ServableCore
package import Tensors

/// How a prediction ends: the outputs in the order of the signature's, or why there are none.
package typealias PredictionResult = Result<[Tensor], ServableError>

/// One request's rows on their way through a batch queue.
struct PredictTask: BatchTask {
    /// Only requests whose rows look alike run together.
    enum GroupKey: Hashable, Sendable {
        /// Type and shape of one row of every input.
        case rows([TensorSpec])
        /// A request that must run alone: its inputs do not agree on a number of rows.
        case alone(UInt64)
    }

    let inputs: [Tensor]
    let rowCount: Int
    let deadline: ContinuousClock.Instant?
    let groupKey: GroupKey
    /// Whose result this is; nil for work that nobody can abandon.
    let request: (any AbandonableRequest)?
    /// Keeps the version alive until the answer is given.
    let handle: ServableHandle
    let completion: @Sendable (PredictionResult) -> Void

    var isAbandoned: Bool { request?.isAbandoned ?? false }

    func fail(_ code: StatusCode, _ message: String) { completion(.failure(ServableError(code, message))) }
}
