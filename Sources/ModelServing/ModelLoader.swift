package import Batching
import GraphIR
package import Inference
package import Logging
import ModelFormats
import Operators
package import ServableCore

/// Batching of one model as configured.
package struct BatchingSettings: Sendable, Equatable {
    /// False: every request runs by itself.
    package var isEnabled: Bool
    package var policy: BatchPolicy

    package init(isEnabled: Bool = true, policy: BatchPolicy = .standard) {
        self.isEnabled = isEnabled
        self.policy = policy
    }
}

/// Turns a version directory into a `LoadedModel`: detect, import, optimise, warm up.
package struct ModelLoader: ServableLoader {
    private let lanes: LanePool
    private let batching: @Sendable (String) -> BatchingSettings
    private let warmsUp: Bool
    private let inlineBudget: Duration
    private let limits: EngineLimits
    private let observer: (any InferenceObserver)?
    private let logger: Logger

    /// About the cost of two switches between threads.
    package static let standardInlineBudget = Duration.microseconds(10)

    /// - Parameters:
    ///   - batching: the settings of the model of that name, asked at each load.
    ///   - inlineBudget: a request whose run takes no longer, as measured at warm-up, runs at once on the thread that brings it
    ///     instead of a lane; zero: none does.
    package init(
        lanes: LanePool, batching: @escaping @Sendable (String) -> BatchingSettings = { _ in BatchingSettings() },
        warmsUp: Bool = true, inlineBudget: Duration = Self.standardInlineBudget, limits: EngineLimits = EngineLimits(),
        observer: (any InferenceObserver)? = nil, logger: Logger
    ) {
        self.lanes = lanes
        self.batching = batching
        self.warmsUp = warmsUp
        self.inlineBudget = inlineBudget
        self.limits = limits
        self.observer = observer
        self.logger = logger
    }

    /// TensorFlow Serving's rule of thumb: the files and a fifth more.
    package func estimatedMemory(of id: ServableID, path: String) throws -> Int {
        let byteCount = VersionFiles.byteCount(at: path)
        return byteCount + byteCount / 5
    }

    package func load(_ id: ServableID, path: String, memory: Reservation) async throws -> any Servable {
        let imported = try read(path)
        try Task.checkCancellation()
        let engine: Engine
        do {
            engine = try Engine(imported.graph, catalog: StandardOperators.catalog, passes: StandardOperators.passes, limits: limits)
        } catch {
            throw ServableError(error.isUnsupported ? .unimplemented : .invalidArgument, "model \"\(path)\": \(error)")
        }
        var runners: [String: SignatureRunner] = [:]
        for signature in imported.signatures {
            try Task.checkCancellation()
            runners[signature.name] = runner(id, signature, engine)
        }
        return LoadedModel(
            id: id, path: path, format: imported.format, fileByteCount: imported.byteCount, signatures: imported.signatures,
            runners: runners, engines: [engine], digest: imported.files.digest)
    }

    private func read(_ path: String) throws(ServableError) -> ImportedModel {
        do {
            let found = try FormatDetector.importer(for: path)
            return try found.importer.load(path: found.modelPath)
        } catch {
            throw ServableError(error.statusCode, error.description)
        }
    }

    private func runner(_ id: ServableID, _ signature: Signature, _ engine: Engine) -> SignatureRunner {
        let settings = batching(id.name)
        let report = warmsUp ? WarmUp(engine: engine, signature: signature).run() : nil
        if let report { note(report.outcome, id, signature) }
        return SignatureRunner(
            id: id, signature: signature, engine: engine, policy: settings.policy,
            sharesBatches: settings.isEnabled && report?.outcome == .independentRows, rowCost: report?.rowCost,
            inlineBudget: inlineBudget, lanes: lanes, observer: observer)
    }

    private func note(_ outcome: WarmUp.Outcome, _ id: ServableID, _ signature: Signature) {
        switch outcome {
        case .independentRows: break
        case .dependentRows(let reason):
            logger.notice("\(id), signature \"\(signature.name)\": requests run without batching: \(reason)")
        case .skipped(let reason):
            logger.notice("\(id), signature \"\(signature.name)\": not warmed up and run without batching: \(reason)")
        }
    }
}

extension ImportError {
    /// The code that tells the lifecycle whether trying again can help while the files stay as they are.
    fileprivate var statusCode: StatusCode {
        switch self {
        case .unreadable: .unavailable
        case .unrecognized, .limitExceeded: .failedPrecondition
        case .malformed: .dataLoss
        case .unsupported: .unimplemented
        }
    }
}
