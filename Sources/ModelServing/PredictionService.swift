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
    /// - Throws: `unavailable` for a version that is to be served and cannot be found now; `notFound` for what nobody has configured.
    func target(model: String?, selector: VersionSelector) throws(ServableError) -> PredictionTarget

    /// Waits for a version that `target` has just not found.
    ///
    /// - Parameters:
    ///   - timeout: how long the request may take; nil: as long as it takes.
    ///   - completion: called once with what has become of it, on any thread; it must not block.
    /// - Returns: false when there is nothing to wait for; then `completion` is not called.
    func wait(
        for model: String?, _ selector: VersionSelector, timeout: Duration?,
        _ completion: @escaping @Sendable (Result<PredictionTarget, ServableError>) -> Void
    ) -> Bool

    /// The version that the selector means, loaded or not; nil when there is no such label, or it is `latest`.
    func version(of model: String, _ selector: VersionSelector) -> Int64?
}

extension PredictionBackend {
    package func wait(
        for model: String?, _ selector: VersionSelector, timeout: Duration?,
        _ completion: @escaping @Sendable (Result<PredictionTarget, ServableError>) -> Void
    ) -> Bool { false }

    package func version(of model: String, _ selector: VersionSelector) -> Int64? {
        if case .version(let version) = selector { version } else { nil }
    }
}

/// A model that predicts.
package protocol PredictingModel: AnyObject, Sendable {
    var id: ServableID { get }
    var signatures: [Signature] { get }
    /// The value behind a SavedModel's signature `__saved_model_init_op`, which is no signature to call; nil when it has none.
    var initialisationValue: String? { get }
    /// What the files are: `onnx`, `saved_model`.
    var format: String { get }
    /// Bytes that the version holds now.
    var memoryByteCount: Int { get }
    /// What runs the signature of that name; nil means `serving_default`. Nil when there is no such signature.
    func runner(_ name: String?) -> (any SignatureRunning)?
}

extension PredictingModel {
    package var initialisationValue: String? { nil }
    package var format: String { "" }
    package var memoryByteCount: Int { 0 }
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
    package var format: String { model.format }
    package var memoryByteCount: Int { model.memoryByteCount }

    /// The signature of that name, to be called; nil and empty mean `serving_default`.
    package consuming func signature(_ name: String?) throws(ServableError) -> CallableSignature {
        let name = name?.isEmpty ?? true ? nil : name
        guard let runner = model.runner(name) else {
            throw ServableError(
                .invalidArgument, "Serving signature name: \"\(name ?? Signature.defaultName)\" not found in signature def")
        }
        return CallableSignature(runner: runner, handle: handle)
    }

    /// The same for calls that bring examples, of which TensorFlow Serving says otherwise what it does not find.
    package consuming func exampleSignature(_ name: String?) throws(ServableError) -> CallableSignature {
        let name = name?.isEmpty ?? true ? nil : name
        guard let runner = model.runner(name) else {
            throw ServableError(.invalidArgument, "No signature was found with the name: \(name ?? Signature.defaultName)")
        }
        return CallableSignature(runner: runner, handle: handle)
    }

    /// The value that initialises the model, which TensorFlow Serving lists among the signatures; nil when there is none.
    package var initialisationValue: String? { model.initialisationValue }
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
    package var methodName: String { runner.methodName }
    package var inputs: [Signature.Parameter] { runner.inputs }
    package var accepted: [Signature.Parameter] { runner.accepted }
    package var outputs: [Signature.Parameter] { runner.outputs }
    package var meter: (any SignatureMeter)? { runner.meter }
    package var writeMeter: WriteMeter? { runner.writeMeter }

    /// The signature for these of its outputs alone; for all when `names` is empty.
    package consuming func filtered(outputs names: [String]) throws(ServableError) -> CallableSignature {
        names.isEmpty ? self : CallableSignature(runner: try runner.filtered(outputs: names), handle: handle)
    }

    /// Whether it gives some of the signature's outputs alone.
    package var isFiltered: Bool { runner.isFiltered }

    /// Runs the call and gives `reply` the result: before it returns when that is cheaper than another thread, else on a lane.
    package func run(_ call: consuming PredictCall, reply: any PredictReply) { runner.run(call, handle: handle, reply: reply) }
}

/// Finds versions in the table of a manager, and says why one is not there.
package final class PredictionService: PredictionBackend {
    private let manager: ServableManager
    private let table: ServableTable
    package let board: StatusBoard
    /// How long a request that comes now waits for a version that is being loaded.
    private let hold: @Sendable () -> Duration

    /// A request for a version that is loaded on demand waits as long as it may take.
    private static let longestWait = Duration.seconds(86_400)

    /// - Parameter hold: how long a request that comes now waits for a version that is being loaded; zero: it is refused at once.
    package init(_ manager: ServableManager, hold: @escaping @Sendable () -> Duration = { .zero }) {
        self.manager = manager
        self.hold = hold
        table = manager.table
        board = manager.board
    }

    package func target(model: String?, selector: VersionSelector) throws(ServableError) -> PredictionTarget {
        guard let name = model ?? onlyName else { throw namesNoModel }
        let handle: ServableHandle
        do {
            handle = try table.handle(name, selector)
        } catch {
            throw reason(name, selector, error)
        }
        guard let model = handle.servable as? LoadedModel else {
            throw ServableError(.internal, "\(handle.id) cannot predict")
        }
        return PredictionTarget(model: model, handle: handle)
    }

    package func wait(
        for model: String?, _ selector: VersionSelector, timeout: Duration?,
        _ completion: @escaping @Sendable (Result<PredictionTarget, ServableError>) -> Void
    ) -> Bool {
        guard let name = model ?? onlyName, case .expected = absence(name, selector) else { return false }
        let isOnDemand = board.isOnDemand(name)
        let limit = isOnDemand ? Self.longestWait : hold()
        guard limit > .zero else { return false }
        let refusal = refusal(name, selector)
        manager.arrivals.wait(for: name, timeout: min(limit, timeout ?? limit)) { [self] isLast in
            do throws(ServableError) {
                let target = try target(model: name, selector: selector)
                return { completion(.success(target)) }
            } catch {
                let isRefused = self.refusal(name, selector).map { $0 != refusal } ?? false
                if !isLast, !isRefused, case .expected = absence(name, selector) { return nil }
                return { completion(.failure(error)) }
            }
        }
        // After the wait has begun: it sees the end of the load, however soon it comes.
        if isOnDemand { demand(name, selector) }
        return true
    }

    package func version(of model: String, _ selector: VersionSelector) -> Int64? {
        switch selector {
        case .latest: nil
        case .version(let version): version
        case .label(let label): table.version(of: model, label: label)
        }
    }

    private func demand(_ name: String, _ selector: VersionSelector) {
        let version = version(of: name, selector), manager = manager
        Task { await manager.demand(name, version: version) }
    }

    /// The state of a version that was asked for and does not fit into memory. The next request tries it again; one that has waited
    /// for it has its answer.
    private func refusal(_ name: String, _ selector: VersionSelector) -> ServableStatus? {
        let version = version(of: name, selector)
        return board.statuses(of: name).first {
            (version == nil || $0.id.version == version) && $0.state == .end && $0.error?.code == .resourceExhausted
        }
    }

    /// The only model served, or else the only one that is to be.
    private var onlyName: String? { table.onlyName ?? (table.names.isEmpty ? board.onlyWantedName : nil) }

    private var namesNoModel: ServableError {
        let names = table.names
        let served = names.isEmpty ? "no model is served" : "\(names.count) models are served (\(names.prefix(5).joined(separator: ", ")))"
        return ServableError(.invalidArgument, "the request names no model and \(served); add \"model\"")
    }

    private func absence(_ name: String, _ selector: VersionSelector) -> Absence {
        board.absence(of: name, version: version(of: name, selector))
    }

    /// Why the table has no such version. A label that nobody has set is the request's fault, once labels are known.
    private func reason(_ name: String, _ selector: VersionSelector, _ miss: ServableError) -> ServableError {
        let absence = absence(name, selector)
        if miss.code != .notFound, board.isWanted(name) { return miss }
        let what: String
        switch selector {
        case .latest: what = "Latest(\(name))"
        case .version(let version): what = "Specific(\(name), \(version))"
        case .label(let label): what = "Label(\(name), \(label))"
        }
        switch absence {
        case .expected(let standing):
            return ServableError(.unavailable, "Servable not available yet for request: \(what): \(standing); try again shortly")
        case .failed(let standing): return ServableError(.unavailable, "Servable not available for request: \(what): \(standing)")
        case .unknown(let near) where near.isEmpty: return miss
        case .unknown(let near):
            let names = near.map { "\"\($0)\"" }.joined(separator: " or ")
            return ServableError(miss.code, "\(miss.message); did you mean \(names)?")
        }
    }
}
