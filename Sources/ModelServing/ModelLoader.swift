package import Batching
import GraphIR
package import Inference
package import Logging
import ModelFormats
package import Operators
package import ServableCore
package import Tensors

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
    private let workspaces: WorkspacePool
    private let batching: Batching
    private let warmUp: WarmUpOptions
    private let savedModelTags: Set<String>
    private let inlineBudget: Duration
    private let limits: EngineLimits
    private let instructionSet: InstructionSet
    private let observer: (any InferenceObserver)?
    private let logger: Logger

    /// The settings of a version, whose folder may say them itself.
    package typealias Batching = @Sendable (_ id: ServableID, _ path: String) throws(ServableError) -> BatchingSettings

    /// What is run before a version is served.
    package struct WarmUpOptions: Sendable {
        /// False: nothing is.
        package var isEnabled: Bool
        /// How often each of the version's own records is run.
        package var iterationCount: Int

        package init(isEnabled: Bool = true, iterationCount: Int = 1) {
            self.isEnabled = isEnabled
            self.iterationCount = iterationCount
        }
    }

    /// About the cost of two switches between threads.
    package static let standardInlineBudget = Duration.microseconds(10)

    /// - Parameters:
    ///   - batching: looked up at each load, where what it throws keeps the version from being served, and when it is said to have
    ///     changed.
    ///   - savedModelTags: of the meta graph of a SavedModel that is served.
    ///   - inlineBudget: a request whose run takes no longer, as measured at warm-up, runs on the thread that brings it instead of
    ///     a lane; zero: none does.
    ///   - arenas: counts the memory in which such requests run.
    package init(
        lanes: LanePool, batching: @escaping Batching = { _, _ in BatchingSettings() }, warmUp: WarmUpOptions = WarmUpOptions(),
        savedModelTags: Set<String> = SavedModelImporter.servingTags, inlineBudget: Duration = Self.standardInlineBudget,
        limits: EngineLimits = EngineLimits(),
        instructionSet: InstructionSet = .best, arenas: (any MemoryLedger)? = nil, observer: (any InferenceObserver)? = nil, logger: Logger
    ) {
        self.lanes = lanes
        workspaces = WorkspacePool(ledger: arenas)
        self.batching = batching
        self.warmUp = warmUp
        self.savedModelTags = savedModelTags
        self.inlineBudget = inlineBudget
        self.limits = limits
        self.instructionSet = instructionSet
        self.observer = observer
        self.logger = logger
    }

    /// TensorFlow Serving's rule of thumb: the files and a fifth more.
    package func estimatedMemory(of id: ServableID, path: String) throws -> Int {
        let byteCount = VersionFiles.byteCount(at: path)
        return byteCount + byteCount / 5
    }

    package func load(_ id: ServableID, path: String, memory: Reservation) async throws -> any Servable {
        let state = ModelState(limits: limits, kernels: instructionSet.kernels, ledger: ReservationLedger(memory))
        let model = try loadModel(id, path, state, memory)
        // The first plans are there, and with them what kernels hold in forms of their own.
        state.releaseUnread(by: model.engines)
        return model
    }

    private func loadModel(
        _ id: ServableID, _ path: String, _ state: ModelState, _ memory: Reservation
    ) throws -> LoadedModel {
        let settings = try batching(id, path)
        var stages = LoadStages()
        let prepared = try prepare(path, state, memory, &stages)
        // What was imported is gone by now: what passes have made of constants is enough.
        state.releaseUnread(by: prepared.engines.flatMap { [$0.engine, $0.overriding].compactMap(\.self) })
        var runners: [SignatureRunner] = [], reports: [WarmUp.Subject: WarmUp.Report] = [:]
        for (signature, engine, overriding) in prepared.engines {
            try Task.checkCancellation()
            let samples = WarmUp(engine: engine, signature: signature)
            // Signatures that share an engine need not warm it up twice.
            if warmUp.isEnabled, reports[samples.subject] == nil { reports[samples.subject] = samples.run() }
            runners.append(runner(id, signature, engine, overriding, settings, reports[samples.subject]))
        }
        if warmUp.isEnabled {
            try RecordedWarmUp(
                id: id, path: path, signatures: prepared.engines.map { ($0.signature, $0.engine) },
                iterationCount: warmUp.iterationCount, observer: observer
            ).run()
        }
        stages.end("warmed up")
        logger.debug("\(id): \(stages)", metadata: stages.facts)
        return LoadedModel(
            id: id, path: path, format: prepared.format, fileByteCount: prepared.files.byteCount, runners: runners,
            initialisationValue: prepared.initialisationValue, memory: memory,
            batching: { [batching] () throws(ServableError) in try batching(id, path) }, digest: prepared.files.digest)
    }

    /// What is left of an imported model once its engines are there.
    private struct PreparedModel {
        let format: String
        let files: ModelFiles
        let initialisationValue: String?
        var engines: [(signature: Signature, engine: Engine, overriding: Engine?)] = []
    }

    private func prepare(
        _ path: String, _ state: ModelState, _ memory: Reservation, _ stages: inout LoadStages
    ) throws -> PreparedModel {
        let imported = try read(path)
        stages.end("read")
        try Task.checkCancellation()
        do throws(MemoryRefusal) {
            try state.charge(contents: imported.contentByteCount)
        } catch {
            throw memory.refusal(of: error.byteCount, available: error.availableByteCount)
        }
        try initialise(imported, path, state)
        var engines = SignatureEngines(state: state)
        var prepared = PreparedModel(
            format: imported.format, files: imported.files, initialisationValue: imported.initialisationValue)
        for signature in imported.signatures {
            try Task.checkCancellation()
            let engine = try engine(imported, signature, path, &engines)
            prepared.engines.append((signature, engine, try overridingEngine(imported, signature, path, &engines)))
        }
        stages.end("compiled")
        return prepared
    }

    private func read(_ path: String) throws(ServableError) -> ImportedModel {
        do {
            let found = try FormatDetector.importer(for: path, tags: savedModelTags)
            return try found.importer.load(path: found.modelPath)
        } catch {
            throw ServableError(error.statusCode, error.description)
        }
    }

    private func initialise(_ imported: ImportedModel, _ path: String, _ state: ModelState) throws(ServableError) {
        do {
            try ModelInitialisation.run(imported, state: state)
        } catch let error as EngineError {
            throw refusal(error, path)
        } catch {
            throw ServableError(.invalidArgument, "model \"\(path)\": \(error)")
        }
    }

    private func refusal(_ error: EngineError, _ path: String) -> ServableError {
        let code: StatusCode =
            error.isUnsupported ? .unimplemented : error.memoryRefusal == nil ? .invalidArgument : .resourceExhausted
        return ServableError(code, "model \"\(path)\": \(error)")
    }

    private func engine(
        _ imported: ImportedModel, _ signature: Signature, _ path: String, _ engines: inout SignatureEngines
    ) throws(ServableError) -> Engine {
        let source: SourceGraph
        do {
            source = try imported.graph(for: signature)
        } catch {
            throw ServableError(error.statusCode, error.description)
        }
        do {
            return try engines.engine(of: source)
        } catch {
            throw refusal(error, path)
        }
    }

    /// Takes the constants that a request may replace as inputs; nil when there are none.
    private func overridingEngine(
        _ imported: ImportedModel, _ signature: Signature, _ path: String, _ engines: inout SignatureEngines
    ) throws(ServableError) -> Engine? {
        guard !signature.overridables.isEmpty else { return nil }
        return try engine(imported, signature.overriding, path, &engines)
    }

    private func runner(
        _ id: ServableID, _ signature: Signature, _ engine: Engine, _ overriding: Engine?, _ settings: BatchingSettings,
        _ report: WarmUp.Report?
    ) -> SignatureRunner {
        let sharing = BatchSharing(engine: engine, signature: signature, report)
        if let failure = report?.failure {
            logger.notice("\(id), signature \"\(signature.name)\": not warmed up: \(failure)")
        }
        let runner = SignatureRunner(
            id: id, signature: signature, engine: engine, overriding: overriding, settings: settings, sharing: sharing,
            rowCost: report?.rowCost, inlineBudget: inlineBudget, lanes: lanes, workspaces: workspaces,
            meter: observer?.meter(of: id, signature: signature.name), logger: logger)
        if case .alone(let reason) = runner.sharing {
            logger.notice("\(id), signature \"\(signature.name)\": requests run without batching: \(reason)")
        }
        return runner
    }
}

extension ImportError {
    /// The code that says to the lifecycle whether trying again can help while the files stay as they are.
    var statusCode: StatusCode {
        switch self {
        case .unreadable: .unavailable
        case .unrecognized, .limitExceeded: .failedPrecondition
        case .malformed: .dataLoss
        case .unsupported: .unimplemented
        case .outOfMemory: .resourceExhausted
        }
    }
}
