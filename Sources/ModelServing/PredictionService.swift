package import GraphIR
package import ServableCore
package import Tensors

/// What front ends speak to: finds versions, answers what is served, runs predictions.
///
/// Every call is synchronous and cheap but `predict`, which answers by a callback. Safe from every thread.
package final class PredictionService: Sendable {
    private let table: ServableTable
    package let board: StatusBoard

    package init(table: ServableTable, board: StatusBoard) {
        self.table = table
        self.board = board
    }

    /// The version that a request means.
    ///
    /// - Parameter model: nil means the only model served.
    package func lookUp(model: String?, selector: VersionSelector) throws(ServableError) -> PredictionTarget {
        guard let name = model ?? table.onlyName else {
            let names = table.names
            let served =
                names.isEmpty ? "no model is served" : "\(names.count) models are served (\(names.prefix(5).joined(separator: ", ")))"
            throw ServableError(.invalidArgument, "the request names no model and \(served); add \"model\"")
        }
        let handle = try table.handle(name, selector)
        guard let model = handle.servable as? LoadedModel else {
            throw ServableError(.internal, "\(handle.id) cannot predict")
        }
        return PredictionTarget(handle: handle, model: model)
    }
}

/// One version held for one request.
package struct PredictionTarget: Sendable {
    private let handle: ServableHandle
    private let model: LoadedModel

    init(handle: ServableHandle, model: LoadedModel) {
        self.handle = handle
        self.model = model
    }

    package var id: ServableID { handle.id }
    package var version: Int64 { handle.id.version }
    package var signatures: [Signature] { model.signatures }

    /// - Parameter name: nil or empty means `serving_default`.
    package func signature(_ name: String?) throws(ServableError) -> Signature {
        try runner(name).signature
    }

    /// What runs the signature of that name; nil and empty mean `serving_default`.
    private func runner(_ name: String?) throws(ServableError) -> SignatureRunner {
        guard let name, !name.isEmpty else {
            guard let runner = model.defaultRunner else { throw Self.missing(Signature.defaultName) }
            return runner
        }
        guard let runner = model.runners[name] else { throw Self.missing(name) }
        return runner
    }

    /// What runs `serving_default`.
    package var defaultRunner: SignatureRunner? { model.defaultRunner }

    private static func missing(_ signature: String) -> ServableError {
        ServableError(.invalidArgument, "Serving signature name: \"\(signature)\" not found in signature def")
    }

    /// Runs `inputs`, in the order of the signature's, and hands the outputs to `completion`: exactly once, on any thread.
    ///
    /// - Parameter request: Is answered `cancelled` when it is abandoned before its turn.
    package func predict(
        _ signature: Signature, inputs: [Tensor], deadline: ContinuousClock.Instant?, request: (any AbandonableRequest)?,
        completion: @escaping @Sendable (PredictionResult) -> Void
    ) {
        let runner: SignatureRunner
        do {
            runner = try self.runner(signature.name)
        } catch {
            completion(.failure(error))
            return
        }
        runner.submit(inputs, handle: handle, deadline: deadline, request: request, completion: completion)
    }
}
