import Batching
import CPlatform
import GraphIR
import Inference
import Logging
import ServableCore
import Synchronization
import Tensors

/// Runs batches of one signature's calls on lanes: together where their rows are independent, else one by one.
final class BatchRunner: Sendable {
    let id: ServableID
    private let signature: Signature
    private let engine: Engine
    /// Runs the requests that replace constants; nil when none may.
    private let overriding: Engine?
    let meter: (any SignatureMeter)?
    private let running = Mutex<[RunningBatch]>([])
    /// What is batched by; replaced as a whole, with the target that follows from it.
    private let batching: Mutex<(policy: BatchPolicy, target: LatencyTarget?)>
    private let isSharing: Atomic<Bool>
    /// Whether a batch could not be taken apart; rows are never shared again then.
    private let hasFailedToSplit = Atomic(false)
    private let logger: Logger

    init(
        id: ServableID, signature: Signature, engine: Engine, overriding: Engine?, policy: BatchPolicy, isSharing: Bool,
        meter: (any SignatureMeter)?, logger: Logger
    ) {
        self.id = id
        self.signature = signature
        self.engine = engine
        self.overriding = overriding
        self.meter = meter
        self.logger = logger
        batching = Mutex((policy, LatencyTarget(policy)))
        self.isSharing = Atomic(isSharing)
    }

    /// Whether rows of different requests share a run.
    var sharesBatches: Bool { isSharing.load(ordering: .relaxed) }

    /// Batches that run now.
    var runningBatchCount: Int { running.withLock { $0.count } }

    /// Rows that the next batch may have.
    var rowLimit: Int { batching.withLock { $0.target?.rowLimit ?? .max } }

    private var policy: BatchPolicy { batching.withLock { $0.policy } }

    func replace(policy: BatchPolicy, isSharing shares: Bool) {
        batching.withLock { batching in
            if batching.policy != policy { batching = (policy, LatencyTarget(policy)) }
        }
        isSharing.store(shares && !hasFailedToSplit.load(ordering: .relaxed), ordering: .relaxed)
    }

    /// Fails the running calls that are over their time or abandoned.
    ///
    /// - Returns: whether anything runs.
    func watch(now: ContinuousClock.Instant) -> Bool {
        let batches = running.withLock { $0 }
        for batch in batches { batch.watch(now: now) }
        return !batches.isEmpty
    }

    func run(_ calls: [PendingCall], _ workspace: Workspace) {
        let taken = apus_monotonic_nanoseconds()
        for call in calls {
            meter?.took(rowCount: call.inputs.rowCount, inputCount: call.inputs.count, waited: taken - call.submitted)
        }
        // A lone call is padded only to fewer plans, and only where it could share its run: padding is sharing.
        let policy = policy
        let isLone = calls.count == 1 && policy.paddedRowCount(for: calls[0].rowCount) == calls[0].rowCount
        if isLone || calls[0].isAlone || !runTogether(calls, policy, workspace, taken) {
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
                        note(rowCount, times.ended - start)
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
    private func runTogether(_ calls: [PendingCall], _ policy: BatchPolicy, _ workspace: Workspace, _ taken: Int64) -> Bool {
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
                        // Putting the inputs together is a part of it.
                        note(run.executedRowCount, times.ended - taken)
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
        run.assemblyNanoseconds = start - taken
        meter?.ran(run)
        return CallTimes(submitted: taken, taken: taken, assembled: start, ended: end, batchRowCount: run.rowCount)
    }

    /// Takes note of what a batch has taken, for the latency target.
    private func note(_ rowCount: Int, _ nanoseconds: Int64) {
        batching.withLock { $0.target?.note(rowCount: rowCount, nanoseconds: nanoseconds) }
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
        hasFailedToSplit.store(true, ordering: .relaxed)
        guard isSharing.exchange(false, ordering: .relaxed) else { return false }
        let name = output < signature.outputs.count ? signature.outputs[output].name : String(output)
        let found = shape.map { "has shape \($0)" } ?? "is no dense tensor"
        logger.error(
            "\(id), signature \"\(signature.name)\": output \"\(name)\" \(found) for a batch of inputs \(specs.map(\.description).joined(separator: ", ")), so that it has no row for each request row; requests run alone from now on"
        )
        return false
    }
}
