package import GraphIR
package import ModelServing
package import ServableCore
package import Tensors

/// What the routes ask of the serving layer; `PredictionService` is the real one, tests have their own.
package protocol PredictionBackend: Sendable {
    /// States and labels of every version.
    var board: StatusBoard { get }

    /// The version that a request means, kept alive by the answer; nil as model means the only one that is served.
    func target(model: String?, selector: VersionSelector) throws(ServableError) -> any PredictionTargeting
}

/// One version, held for one request.
package protocol PredictionTargeting: Sendable {
    var id: ServableID { get }
    var version: Int64 { get }
    var signatures: [Signature] { get }

    /// What runs cheap requests of `serving_default` at once; nil when there is no such signature, or no such way.
    var defaultRunner: SignatureRunner? { get }

    /// - Parameter name: nil or empty means `serving_default`.
    func signature(_ name: String?) throws(ServableError) -> Signature

    /// Runs `inputs`, in the order of the signature's, and hands the outputs, in the order of the signature's, to `completion`:
    /// exactly once, on any thread.
    ///
    /// - Parameter request: Is answered `cancelled` when it is abandoned before its turn.
    func predict(
        _ signature: Signature, inputs: [Tensor], deadline: ContinuousClock.Instant?, request: (any AbandonableRequest)?,
        completion: @escaping @Sendable (Result<[Tensor], ServableError>) -> Void)
}

extension PredictionTargeting {
    package var defaultRunner: SignatureRunner? { nil }
    package var version: Int64 { id.version }
}
