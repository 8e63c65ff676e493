import CPlatform
import HTTPCore
package import Inference
import Logging
import ModelFormats
package import ModelServing
import OpenInference
import Operators
import RESTFrontend
import Registry
import ServableCore
import Synchronization
import Telemetry

/// Everything that serves, joined: the one place where the concrete parts meet.
///
/// Making it opens the registry and prepares the rest; `ServeCommand` starts its services in order and stops them in reverse.
struct ServingStack: Sendable {
    let registry: ModelRegistry
    let recorder: RegistryRecorder
    let events: AsyncStream<ServableEvent>
    let manager: ServableManager
    let lanes: LanePool
    let server: HTTPServer
    let tls: TLSContext?
    let readiness: Readiness
    let batching: BatchingTable
    /// Nil when requests are not recorded.
    let requestLog: RequestLogFile?
    let reloads = ReloadRecord()
    /// Nil when gRPC is not offered.
    let grpc: GRPCStack?

    /// - Throws: `RegistryError` when the registry cannot be opened, `RecordFile.Failure` when the request log cannot be.
    init(_ configuration: ApusConfiguration, _ listening: Listening, logger: Logger) throws {
        LinearAlgebra.configure()
        let registry = try ModelRegistry(path: configuration.registry.path)
        recorder = RegistryRecorder(registry: registry) { RegistryTroubleLog.write($0, to: logger) }
        self.registry = registry

        let metrics = ServingMetrics()
        let statuses = StatusBoard(allowsEmpty: configuration.allowsEmpty)
        let board = MetricsBoard(metrics, statuses)
        let budget = ResourceBudget(byteLimit: configuration.engine.memoryBudget.byteLimit(of: Machine.memoryByteCount))
        let arenas = ReservationLedger(budget.reservation(named: "the lanes"))
        let lanes = LanePool(laneCount: configuration.engine.laneCount ?? Machine.processorCount, ledger: arenas)
        self.lanes = lanes
        let batching = BatchingTable(configuration)
        self.batching = batching
        let loader = ModelLoader(
            lanes: lanes, batching: { (id, path) throws(ServableError) in try batching.settings(of: id, path: path) },
            warmUp: ModelLoader.WarmUpOptions(
                isEnabled: configuration.engine.warmsUp, iterationCount: configuration.engine.warmUpIterations),
            savedModelTags: configuration.engine.savedModelTags, inlineBudget: configuration.engine.inlineBudget,
            limits: EngineLimits(configuration.engine),
            instructionSet: .chosen, arenas: arenas, observer: board, logger: logger)
        let manager = ServableManager(
            loader: loader, source: .versions, options: configuration.lifecycle, budget: budget, board: statuses,
            previousLife: try registry.previousLife(), observer: board, trimHeap: { apus_trim_heap() }, logger: logger)
        self.manager = manager
        events = manager.events()

        let readiness = Readiness(manager.board)
        self.readiness = readiness
        let requestLog = try configuration.requestLog.map { try RequestLogFile($0, metrics, logger: logger) }
        self.requestLog = requestLog
        let (hold, startHold) = (configuration.hold, configuration.startHold)
        let service = PredictionService(manager) { readiness.hasStarted ? hold : max(hold, startHold) }
        let openInference = OpenInferenceService(
            service, repository: ServedRepository(registry: registry, manager: manager), counted: board, serverVersion: Version.number,
            unreadiness: { readiness.reasons })
        let handler = RESTHandler(
            service, registry: RegistryRoutes(registry: registry),
            configuration: RESTConfiguration(configuration, requestLog, folders: { Self.folders(statuses, configuration) }),
            metrics: { Self.text(of: metrics, board) }, unreadiness: { readiness.reasons },
            degradation: { statuses.degradation() }, observer: board, executor: lanes,
            openInference: openInference)
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(configuration.server, listening), handler: handler, logger: logger)
        self.server = server
        tls = listening.tls
        let parts = GRPCParts(
            service: service, lanes: lanes, openInference: openInference, manager: manager, readiness: readiness, observer: board,
            metrics: metrics.store)
        grpc = try configuration.grpc.map { entry throws(CommandFailure) in
            try GRPCStack(entry, configuration, parts, logger: logger)
        }
        board.addReadings(of: manager.table)
        metrics.store.addReadings(of: { server.statistics })
        metrics.store.addReadings(of: lanes, budget, readiness)
        metrics.store.addReadings(of: recorder)
        metrics.store.addReadings(of: reloads)
        metrics.store.addProcessReadings()
        metrics.store.readGauge(
            MetricDescription(
                "apus_build_info", labels: ["version", "swift", "isa"], help: "1, labelled with what is running.")
        ) { [.init([Version.number, Version.swift, InstructionSet.chosen.name], 1)] }
    }

    /// Where models lie, as texts may name it: of versions that are known, and of models that the start's configuration names.
    private static func folders(_ board: StatusBoard, _ configuration: ApusConfiguration) -> [String] {
        let versions = board.modelNames.flatMap { board.statuses(of: $0) }.map(\.path)
        let parents = versions.map { FilePaths.folder(of: $0) }
        return Array(
            Set(versions + parents + configuration.serving.models.map(\.basePath) + [configuration.serving.modelRoot].compactMap(\.self)))
    }

    private static func text(of metrics: ServingMetrics, _ board: MetricsBoard) -> String {
        board.removeExpired()
        return PrometheusText.render(metrics.store)
    }
}

extension HTTPServerConfiguration {
    init(_ server: ServerConfiguration, _ listening: Listening) {
        self.init(
            listeners: listening.listeners, limits: server.limits, loopCount: server.loopCount ?? Self.defaultLoopCount,
            strictTransportSecurity: server.strictTransportSecurity, accessLog: server.accessLog, namesRequests: true,
            holdsInherited: server.notifyReady == .loaded)
    }
}

extension RESTConfiguration {
    init(_ configuration: ApusConfiguration, _ requestLog: RequestLogFile?, folders: @escaping @Sendable () -> [String]) {
        self.init(
            requestTimeout: configuration.server.requestTimeout, nonfinite: configuration.server.nonfinite,
            inflatedByteLimit: configuration.server.limits.maxBodyBytes, requestLog: requestLog)
        // No request has an empty path, so an empty one offers the metrics nowhere.
        isCORSEnabled = configuration.server.isCORSEnabled
        hasAdminListener = configuration.server.admin != nil
        modelFolders = folders
        checksMethodNames = configuration.server.checksMethodNames
        metricsPath = configuration.monitoring.prometheusPath ?? ""
    }
}

extension EngineLimits {
    /// One arena, or one run's results, may not be larger than all models together.
    init(_ configuration: EngineConfiguration) {
        self.init()
        let limit = configuration.memoryBudget.byteLimit(of: Machine.memoryByteCount) ?? .max
        maximumArenaBytes = min(maximumArenaBytes, limit)
        maximumDynamicBytes = min(configuration.maxRunByteCount, limit)
    }
}

extension LanePool: RequestExecutor {
    package func perform(
        _ priority: CallPriority, until deadline: ContinuousClock.Instant?, _ body: @escaping @Sendable () -> Void,
        expired: @escaping @Sendable () -> Void
    ) {
        perform(priority == .high ? LanePriority.high : .low, until: deadline, body, expired: expired)
    }
}

extension VersionSource where Self == DirectorySource {
    /// Finds version directories, and models that lie where version directories should.
    static var versions: DirectorySource { DirectorySource(modelFileNames: FormatDetector.standardFileNames) }
}

/// Whether the daemon can take requests, and why not.
final class Readiness: Sendable {
    private let board: StatusBoard
    private let hasLooked = Atomic(false)
    private let isStarted = Atomic(false)
    private let isDraining = Atomic(false)

    init(_ board: StatusBoard) { self.board = board }

    /// The board lists every wanted model from now on; before, it is empty and nothing seems to be missing.
    func beginServing() { hasLooked.store(true, ordering: .releasing) }

    /// The first loads are over.
    func endStart() { isStarted.store(true, ordering: .releasing) }

    /// Whether the first loads are over.
    var hasStarted: Bool { isStarted.load(ordering: .acquiring) }

    func beginDrain() { isDraining.store(true, ordering: .releasing) }

    var reasons: [String] {
        guard hasLooked.load(ordering: .acquiring) else { return ["models are being looked for"] }
        return (isDraining.load(ordering: .acquiring) ? ["the daemon is shutting down"] : []) + board.unreadiness()
    }
}
