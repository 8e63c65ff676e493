package import GraphIR
package import ServableCore

/// What front ends ask for predictions and states; `PredictionService` is the real one, tests have their own.
///
/// Every call is synchronous, cheap and safe from every thread.
package protocol PredictionBackend: Sendable {
    /// States and labels of every version.
    var board: StatusBoard { get }

    /// The version that a request means, kept alive by the result.
    ///
    /// - Parameter model: nil means the only model served.
    func target(model: String?, selector: VersionSelector) throws(ServableError) -> PredictionTarget
}

/// A model that predicts.
package protocol PredictingModel: AnyObject, Sendable {
    var id: ServableID { get }
    var signatures: [Signature] { get }
    /// What runs the signature of that name; nil means `serving_default`. Nil when there is no such signature.
    func runner(_ name: String?) -> (any SignatureRunning)?
}

/// One version held for one request.
package struct PredictionTarget: Sendable {
    private let model: any PredictingModel
    private let handle: ServableHandle?

    /// - Parameter handle: keeps the version alive; nil for a model that needs nothing kept.
    package init(model: any PredictingModel, handle: ServableHandle? = nil) {
        self.model = model
        self.handle = handle
    }

    package var id: ServableID { model.id }
    package var signatures: [Signature] { model.signatures }

    /// The signature of that name, to be called; nil and empty mean `serving_default`.
    package consuming func signature(_ name: String?) throws(ServableError) -> CallableSignature {
        let name = name?.isEmpty ?? true ? nil : name
        guard let runner = model.runner(name) else {
            throw ServableError(
                .invalidArgument, "Serving signature name: \"\(name ?? Signature.defaultName)\" not found in signature def")
        }
        return CallableSignature(runner: runner, handle: handle)
    }
}

/// One signature of a version held for one request.
package struct CallableSignature: Sendable {
    private let runner: any SignatureRunning
    private let handle: ServableHandle?

    init(runner: consuming any SignatureRunning, handle: consuming ServableHandle?) {
        self.runner = runner
        self.handle = handle
    }

    package var id: ServableID { runner.id }
    package var name: String { runner.name }
    package var inputs: [Signature.Parameter] { runner.inputs }
    package var accepted: [Signature.Parameter] { runner.accepted }
    package var outputs: [Signature.Parameter] { runner.outputs }
    package var meter: (any SignatureMeter)? { runner.meter }

    /// Runs the call and gives `reply` the result: before it returns when that is cheaper than another thread, else on a lane.
    package func run(_ call: consuming PredictCall, reply: any PredictReply) { runner.run(call, handle: handle, reply: reply) }
}

/// Finds versions in the table of a manager.
package final class PredictionService: PredictionBackend {
    private let table: ServableTable
    package let board: StatusBoard

    package init(table: ServableTable, board: StatusBoard) {
        self.table = table
        self.board = board
    }

    package func target(model: String?, selector: VersionSelector) throws(ServableError) -> PredictionTarget {
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
        return PredictionTarget(model: model, handle: handle)
    }
}
