import Batching
import CPlatform
package import GraphIR
package import Inference
import Logging
package import ServableCore
import Synchronization
import Tensors

/// Runs the calls of one signature of one version: at once, or through a queue, in batches, on lanes.
package final class SignatureRunner: SignatureRunning, LaneWork {
    package let id: ServableID
    package let signature: Signature
    package let meter: (any SignatureMeter)?
    package let writeMeter: WriteMeter?
    let engine: Engine
    /// Runs the requests that replace constants; nil when none may.
    private let overriding: Engine?
    /// What a request may give.
    package let accepted: [Signature.Parameter]
    let policy: BatchPolicy
    private let inline: InlineRule
    private let queue: BatchQueue<PendingCall>
    private let running = Mutex<[RunningBatch]>([])
    private let lanes: LanePool
    private let workspaces: WorkspacePool
    /// What was decided when the version was loaded.
    package let sharing: BatchSharing
    private let isSharing: Atomic<Bool>
    private let logger: Logger

    /// - Parameters:
    ///   - overriding: takes the constants that a request may replace as further inputs.
    ///   - sharing: whether rows of different requests may share a run.
    ///   - rowCost: measured time of a run of one row; nil when it is not known or differs from request to request.
    ///   - inlineBudget: what may run on the caller's thread.
    init(
        id: ServableID, signature: Signature, engine: Engine, overriding: Engine? = nil, policy: BatchPolicy, sharing: BatchSharing,
        rowCost: Duration? = nil, inlineBudget: Duration = ModelLoader.standardInlineBudget, lanes: LanePool, workspaces: WorkspacePool,
        observer: (any InferenceObserver)?, logger: Logger
    ) {
        self.id = id
        self.signature = signature
        self.engine = engine
        self.overriding = overriding
        accepted = signature.accepted
        self.policy = policy
        self.lanes = lanes
        self.workspaces = workspaces
        self.logger = logger
        meter = observer?.meter(of: id, signature: signature.name)
        writeMeter = meter.map { WriteMeter($0) }
        self.sharing = sharing
        isSharing = Atomic(sharing == .shared)
        // A call that may wait for company is not run before its time.
        let isInline = sharing != .shared || policy.timeout == .zero
        inline = InlineRule(rowCost: isInline ? rowCost : nil, budget: inlineBudget)
        queue = BatchQueue(policy: policy)
    }

    deinit {
        for call in queue.close() { call.fail(Self.unloaded) }
    }

    var engines: [Engine] { [engine, overriding].compactMap(\.self) }

    /// Whether rows of different requests share a run.
    package var sharesBatches: Bool { isSharing.load(ordering: .relaxed) }

    /// Rows up to which a call runs on the thread that brings it; 0 when none does.
    package var inlineRowLimit: Int { inline.rowLimit }

    /// Batches that run now.
    var runningBatchCount: Int { running.withLock { $0.count } }

    /// Rows that wait now.
    package var queuedRowCount: Int { queue.queuedRowCount }

    /// Lets what is queued run as soon as a lane is free, whatever it was to wait for: the version is being unloaded.
    func beginDrain() {
        queue.beginDrain()
        lanes.forget(self)
        if queue.queuedTaskCount > 0 { lanes.signal(self) }
    }

    package var name: String { signature.name }
    package var methodName: String { signature.methodName }
    package var inputs: [Signature.Parameter] { signature.inputs }
    package var outputs: [Signature.Parameter] { signature.outputs }

    package func run(_ call: consuming PredictCall, handle: ServableHandle?, reply: any PredictReply) {
        if inline.rowLimit > 0, runInline(call.inputs, reply) { return }
        do throws(ServableError) {
            try SignatureCheck.check(call.inputs, against: signature)
            try enqueue(call, handle, reply)
        } catch {
            reply.fail(error)
        }
    }

    // MARK: On the caller's thread

    /// - Returns: false, with nothing done, when the call is not cheap or has no plan yet: making one takes long.
    private func runInline(_ inputs: CallInputs, _ reply: any PredictReply) -> Bool {
        switch inputs {
        case .only(let input):
            guard let rowCount = input.spec.shape.extents.first, let plan = engine.readyPlan(for: input.spec),
                inline.admits(rowCount: rowCount, plan)
            else { return false }
            runInline(rowCount, inputCount: 1, reply) { workspace, body in try engine.run(plan, input, in: workspace, body) }
        case .dense(let tensors):
            guard let rowCount = tensors.first?.spec.shape.extents.first, let plan = engine.readyPlan(for: tensors.map(\.spec)),
                inline.admits(rowCount: rowCount, plan)
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
                reply.succeed(CallOutputs(outputs, times: CallTimes(submitted: start, taken: start, assembled: start, ended: end)))
            }
        } catch {
            reply.fail(ServableError(run: error))
        }
    }

    private func enqueue(_ call: consuming PredictCall, _ handle: ServableHandle?, _ reply: any PredictReply) throws(ServableError) {
        let (key, rowCount) = grouping(call.inputs)
        do {
            try queue.submit(PendingCall(call, rowCount: rowCount, groupKey: key, handle: handle, reply: reply))
        } catch {
            throw Self.status(of: error, policy)
        }
        lanes.signal(self)
    }

    private func grouping(_ inputs: CallInputs) -> (PendingCall.GroupKey, rowCount: Int) {
        guard sharesBatches, inputs.count == signature.inputs.count, let tensors = inputs.tensors,
            let rows = tensors.first?.shape.extents.first, rows > 0,
            tensors.allSatisfy({ $0.shape.extents.first == rows })
        else { return (.alone(AloneCounter.next()), 1) }
        return (.rows(tensors.map { TensorSpec($0.elementType, $0.shape.replacing(axis: 0, with: 1)) }), rows)
    }

    private static func status(of refusal: BatchRefusal, _ policy: BatchPolicy) -> ServableError {
        switch refusal {
        case .queueFull:
            ServableError(
                .unavailable,
                "The batch scheduling queue to which this task was submitted is full (\(policy.maxQueuedRows) rows wait); try again later or raise max_queued_batches"
            )
        case .taskTooLarge(let rows, let maximum):
            ServableError(.invalidArgument, "Task size \(rows) is larger than maximum input batch size \(maximum)")
        case .closed: unloaded
        }
    }

    private static let unloaded = ServableError(.unavailable, "the version is being unloaded; try again")

    // MARK: On a lane

    package func runNext(in workspace: Workspace, now: ContinuousClock.Instant) -> LaneOutcome {
        switch queue.takeBatch(now: now) {
        case .empty(let dropped):
            Self.fail(dropped)
            return .idle
        case .waitUntil(let instant, let dropped):
            Self.fail(dropped)
            return .wait(until: instant)
        case .batch(let calls, let dropped):
            Self.fail(dropped)
            run(calls, workspace)
            return queue.queuedTaskCount > 0 ? .more : .idle
        }
    }

    package func watch(now: ContinuousClock.Instant) -> Bool {
        Self.fail(queue.takeDropped(now: now))
        let batches = running.withLock { $0 }
        for batch in batches { batch.watch(now: now) }
        return !batches.isEmpty || queue.queuedTaskCount > 0
    }

    /// Says why calls left the queue unrun.
    private static func fail(_ dropped: [PendingCall]) {
        for call in dropped {
            call.fail(
                call.isAbandoned
                    ? ServableError(.cancelled, "the client closed its connection before its request's turn")
                    : ServableError(.resourceExhausted, "Run() timeout exceeded while waiting in batching queue"))
        }
    }

    private func run(_ calls: [PendingCall], _ workspace: Workspace) {
        let taken = apus_monotonic_nanoseconds()
        for call in calls {
            meter?.took(rowCount: call.inputs.rowCount, inputCount: call.inputs.count, waited: taken - call.submitted)
        }
        // A lone call is padded only to fewer plans, and only where it could share its run: padding is sharing.
        let isLone = calls.count == 1 && policy.paddedRowCount(for: calls[0].rowCount) == calls[0].rowCount
        if isLone || calls[0].isAlone || !runTogether(calls, workspace, taken) {
            for call in calls { runAlone(call, workspace, taken) }
        }
    }

    private func runAlone(_ call: PendingCall, _ workspace: Workspace, _ taken: Int64) {
        guard !call.isFinished else { return }
        do {
            // To the queue a call that shares its run with nobody counts as one row.
            let rowCount = call.inputs.rowCount
            try track([call]) { token in
                let inputs = call.inputs.values
                let engine = try engine(for: call.inputs)
                let start = apus_monotonic_nanoseconds()
                try withExtendedLifetime(inputs) {
                    try engine.run(inputs.map(ValueView.init), in: workspace, token: token) { outputs in
                        var times = hasRun(BatchRun(rowCount: rowCount, executedRowCount: rowCount, nanoseconds: 0), taken, start)
                        times.submitted = call.submitted
                        call.succeed(CallOutputs(outputs, times: times))
                    }
                }
            }
        } catch {
            call.fail(ServableError(run: error))
        }
    }

    /// What runs these inputs. The constants that a request may replace and does not are read as they are.
    private func engine(for inputs: CallInputs) throws(EngineError) -> Engine {
        guard inputs.count > signature.inputs.count, let overriding else { return engine }
        try overriding.state.keep(signature.overridables.compactMap(\.fallback))
        return overriding
    }

    /// Runs the rows of all calls at once.
    ///
    /// - Returns: false when they do not share a run: their rows are not independent for these shapes, or the run has failed, so
    ///   that each is to be tried by itself and one bad request does not fail its neighbours.
    private func runTogether(_ calls: [PendingCall], _ workspace: Workspace, _ taken: Int64) -> Bool {
        guard sharesBatches else { return false }
        let batch = BatchAssembly(calls, paddedRowCount: policy.paddedRowCount(for:))
        let specs = batch.specs
        let areIndependent = calls.allSatisfy { call in call.inputs.tensors.map { isIndependent($0.map(\.spec)) } ?? false }
        guard areIndependent, isIndependent(specs) else { return false }
        let run = BatchRun(
            rowCount: calls.reduce(0) { $0 + $1.rowCount }, executedRowCount: batch.paddedRowCount, nanoseconds: 0)
        do {
            return try track(calls) { token in
                try workspace.withStaging(specs.map(\.byteCount)) { places in
                    for (index, place) in places.enumerated() { batch.fill(place, input: index, byteCount: specs[index].byteCount) }
                    let inputs = zip(specs, places).map { ValueView.dense(TensorView($0, UnsafeRawPointer($1))) }
                    let start = apus_monotonic_nanoseconds()
                    return try engine.run(inputs, in: workspace, token: token) { outputs in
                        let times = hasRun(run, taken, start)
                        if let found = batch.unsplittable(outputs) { return stopSharing(found.index, found.shape, specs) }
                        batch.answer(outputs, times)
                        return true
                    }
                }
            }
        } catch {
            return false  // Alone each of them fails again, or does not.
        }
    }

    /// A run that began at `start` has its outputs.
    private func hasRun(_ run: BatchRun, _ taken: Int64, _ start: Int64) -> CallTimes {
        let end = apus_monotonic_nanoseconds()
        var run = run
        run.nanoseconds = end - start
        meter?.ran(run)
        return CallTimes(submitted: taken, taken: taken, assembled: start, ended: end)
    }

    private func isIndependent(_ specs: [TensorSpec]) -> Bool { engine.rowVerdict(for: specs) == .independent }

    /// Keeps the calls where `watch` finds them while `body` runs.
    private func track<Result>(_ calls: [PendingCall], _ body: (RunToken) throws -> Result) rethrows -> Result {
        let token = RunToken()
        running.withLock { $0.append(RunningBatch(calls: calls, token: token)) }
        defer { running.withLock { $0.removeAll { $0.token === token } } }
        return try body(token)
    }

    /// From now on every request of the signature runs alone.
    private func stopSharing(_ output: Int, _ shape: Shape?, _ specs: [TensorSpec]) -> Bool {
        meter?.failedToSplit()
        guard isSharing.exchange(false, ordering: .relaxed) else { return false }
        let name = output < signature.outputs.count ? signature.outputs[output].name : String(output)
        let found = shape.map { "has shape \($0)" } ?? "is no dense tensor"
        logger.error(
            "\(id), signature \"\(signature.name)\": output \"\(name)\" \(found) for a batch of inputs \(specs.map(\.description).joined(separator: ", ")), so that it has no row for each request row; requests run alone from now on"
        )
        return false
    }
}
