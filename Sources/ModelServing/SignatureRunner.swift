import Batching
import CPlatform
package import GraphIR
import Inference
import Logging
package import ServableCore
import Synchronization
import Tensors

/// Runs the calls of one signature of one version: at once, or through a queue, in batches, on lanes.
package final class SignatureRunner: SignatureRunning {
    package let id: ServableID
    package let signature: Signature
    package let isFiltered: Bool
    package let meter: (any SignatureMeter)?
    package let writeMeter: WriteMeter?
    let engine: Engine
    /// Runs the requests that replace constants; nil when none may.
    private let overriding: Engine?
    /// What a request may give.
    package let accepted: [Signature.Parameter]
    private let settings: Mutex<BatchingSettings>
    /// What follows from the network, whatever is configured.
    private let derivedSharing: BatchSharing
    private let rowCost: Duration?
    private let inlineBudget: Duration
    private let inlineRows: Atomic<Int>
    private let batches: BatchRunner
    /// By priority.
    private let lines: [CallLine]
    private let workspaces: WorkspacePool
    private let filters = OutputFilters()
    private let makeFiltered: @Sendable (Signature, Engine, Engine?, BatchingSettings) -> SignatureRunner

    /// - Parameters:
    ///   - overriding: takes the constants that a request may replace as further inputs.
    ///   - sharing: whether rows of different requests may share a run, by the network.
    ///   - rowCost: measured time of a run of one row; nil when it is not known or differs from request to request.
    ///   - inlineBudget: what may run on the caller's thread.
    ///   - meter: what is recorded of the calls; nil when nobody listens.
    init(
        id: ServableID, signature: Signature, engine: Engine, overriding: Engine? = nil, settings: BatchingSettings, sharing: BatchSharing,
        rowCost: Duration? = nil, inlineBudget: Duration = ModelLoader.standardInlineBudget, lanes: LanePool, workspaces: WorkspacePool,
        meter: (any SignatureMeter)?, isFiltered: Bool = false, logger: Logger
    ) {
        self.id = id
        self.isFiltered = isFiltered
        self.signature = signature
        self.settings = Mutex(settings)
        derivedSharing = sharing
        self.engine = engine
        self.overriding = overriding
        accepted = signature.accepted
        self.meter = meter
        writeMeter = meter.map { WriteMeter($0) }
        self.rowCost = rowCost
        self.inlineBudget = inlineBudget
        self.workspaces = workspaces
        let shares = settings.isEnabled && sharing == .shared
        inlineRows = Atomic(Self.inlineRows(rowCost, inlineBudget, settings, shares: shares))
        let batches = BatchRunner(
            id: id, signature: signature, engine: engine, overriding: overriding, policy: settings.policy, isSharing: shares, meter: meter,
            logger: logger)
        self.batches = batches
        lines = CallPriority.allCases.map { CallLine($0, policy: settings.policy, runner: batches, lanes: lanes) }
        makeFiltered = { part, engine, overriding, settings in
            SignatureRunner(
                id: id, signature: part, engine: engine, overriding: overriding, settings: settings, sharing: sharing, rowCost: rowCost,
                inlineBudget: inlineBudget, lanes: lanes, workspaces: workspaces, meter: meter, isFiltered: true, logger: logger)
        }
    }

    var engines: [Engine] { [engine, overriding].compactMap(\.self) }

    /// Whether and why rows of different requests share runs, as it is configured now.
    package var sharing: BatchSharing { settings.withLock { $0.isEnabled } ? derivedSharing : .alone("batching is off") }

    /// Whether rows of different requests share a run.
    package var sharesBatches: Bool { batches.sharesBatches }

    /// Rows up to which a call runs on the thread that brings it; 0 when none does.
    package var inlineRowLimit: Int { inlineRows.load(ordering: .relaxed) }

    /// Batches that run now.
    var runningBatchCount: Int { batches.runningBatchCount }

    /// Rows that wait now.
    package var queuedRowCount: Int {
        lines.reduce(0) { $0 + $1.queuedRowCount } + filters.all.reduce(0) { $0 + $1.queuedRowCount }
    }

    /// Batches by other settings from now on.
    func apply(_ new: BatchingSettings) {
        let hasChanged = settings.withLock { settings in
            defer { settings = new }
            return settings != new
        }
        guard hasChanged else { return }
        let shares = new.isEnabled && derivedSharing == .shared
        batches.replace(policy: new.policy, isSharing: shares)
        inlineRows.store(Self.inlineRows(rowCost, inlineBudget, new, shares: shares), ordering: .relaxed)
        lines.forEach { $0.replace(policy: new.policy) }
        filters.all.forEach { $0.apply(new) }
    }

    private static func inlineRows(_ rowCost: Duration?, _ budget: Duration, _ settings: BatchingSettings, shares: Bool) -> Int {
        // A call that may wait for company is not run before its time.
        let isInline = !shares || settings.policy.timeout == .zero
        return InlineRule(rowCost: isInline ? rowCost : nil, budget: budget).rowLimit
    }

    /// Lets what is queued run as soon as a lane is free, whatever it was to wait for: the version is being unloaded.
    func beginDrain() {
        lines.forEach { $0.beginDrain() }
        filters.all.forEach { $0.beginDrain() }
    }

    package var name: String { signature.name }
    package var methodName: String { signature.methodName }
    package var inputs: [Signature.Parameter] { signature.inputs }
    package var outputs: [Signature.Parameter] { signature.outputs }

    package func filtered(outputs names: [String]) throws(ServableError) -> any SignatureRunning {
        let positions = try OutputFilters.positions(of: names, in: signature)
        guard positions.count < signature.outputs.count else { return self }
        return try filters.runner(for: positions) { () throws(ServableError) in
            let engine: Engine, overriding: Engine?
            do {
                engine = try self.engine.restricted(to: positions)
                overriding = try self.overriding?.restricted(to: positions)
            } catch {
                throw ServableError(run: error)
            }
            let part = Signature(
                name: signature.name, methodName: signature.methodName, inputs: signature.inputs,
                outputs: positions.map { signature.outputs[$0] }, overridables: signature.overridables,
                hasAdvisoryShapes: signature.hasAdvisoryShapes)
            return makeFiltered(part, engine, overriding, settings.withLock { $0 })
        }
    }

    package func run(_ call: consuming PredictCall, handle: ServableHandle?, reply: any PredictReply) {
        let rule = InlineRule(rowLimit: inlineRows.load(ordering: .relaxed))
        if rule.rowLimit > 0, runInline(rule, call.inputs, reply) { return }
        do throws(ServableError) {
            try SignatureCheck.check(call.inputs, against: signature)
            let (key, rowCount) = grouping(call.inputs), line = lines[call.priority.rawValue]
            try line.submit(PendingCall(call, rowCount: rowCount, groupKey: key, handle: handle, reply: reply))
        } catch {
            reply.fail(error)
        }
    }

    private func grouping(_ inputs: CallInputs) -> (PendingCall.GroupKey, rowCount: Int) {
        guard sharesBatches, inputs.count == signature.inputs.count, let tensors = inputs.tensors,
            let rows = tensors.first?.shape.extents.first, rows > 0,
            tensors.allSatisfy({ $0.shape.extents.first == rows })
        else { return (.alone(AloneCounter.next()), 1) }
        return (.rows(tensors.map { TensorSpec($0.elementType, $0.shape.replacing(axis: 0, with: 1)) }), rows)
    }

    // MARK: On the caller's thread

    /// - Returns: false, with nothing done, when the call is not cheap or has no plan yet: making one takes long.
    private func runInline(_ rule: InlineRule, _ inputs: CallInputs, _ reply: any PredictReply) -> Bool {
        switch inputs {
        case .only(let input):
            guard let rowCount = input.spec.shape.extents.first, let plan = engine.readyPlan(for: input.spec),
                rule.admits(rowCount: rowCount, plan)
            else { return false }
            runInline(rowCount, inputCount: 1, reply) { workspace, body in try engine.run(plan, input, in: workspace, body) }
        case .dense(let tensors):
            guard let rowCount = tensors.first?.spec.shape.extents.first, let plan = engine.readyPlan(for: tensors.map(\.spec)),
                rule.admits(rowCount: rowCount, plan)
            else { return false }
            runInline(rowCount, inputCount: tensors.count, reply) { workspace, body in try engine.run(plan, tensors, in: workspace, body) }
        case .mixed: return false
        }
        return true
    }

    @inline(__always)
    private func runInline(
        _ rowCount: Int, inputCount: Int, _ reply: any PredictReply, _ run: (Workspace, (RunOutputs) -> Void) throws -> Void
    ) {
        let start = apus_monotonic_nanoseconds()
        meter?.took(rowCount: rowCount, inputCount: inputCount, waited: 0)
        let workspace = workspaces.take()
        defer { workspaces.give(workspace) }
        do {
            try run(workspace) { outputs in
                let end = apus_monotonic_nanoseconds()
                meter?.ran(BatchRun(rowCount: rowCount, executedRowCount: rowCount, nanoseconds: end - start))
                reply.succeed(
                    CallOutputs(
                        outputs, times: CallTimes(submitted: start, taken: start, assembled: start, ended: end, batchRowCount: rowCount)))
            }
        } catch {
            reply.fail(ServableError(run: error))
        }
    }
}
