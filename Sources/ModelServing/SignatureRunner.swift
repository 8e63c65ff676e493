import Batching
import CPlatform
package import GraphIR
package import Inference
import ServableCore
package import Tensors

/// Runs the requests of one signature of one version: queue, batches, lanes.
package final class SignatureRunner: LaneWork {
    package let signature: Signature
    let engine: Engine
    let policy: BatchPolicy
    /// Whether rows of different requests may share a run.
    package let sharesBatches: Bool
    /// Rows up to which a request runs at once on the caller's thread, since that takes less time than handing it to a lane.
    private let inlineRowLimit: Int
    private let queue: BatchQueue<PredictTask>
    private let lanes: LanePool
    /// Told of runs and answers; nil when nobody listens.
    package let meter: (any SignatureMeter)?

    /// - Parameters:
    ///   - rowCost: measured time of a run of one row; nil when it is not known or differs from request to request.
    ///   - inlineBudget: what may run on the caller's thread.
    init(
        id: ServableID, signature: Signature, engine: Engine, policy: BatchPolicy, sharesBatches: Bool, rowCost: Duration? = nil,
        inlineBudget: Duration = ModelLoader.standardInlineBudget, lanes: LanePool, observer: (any InferenceObserver)?
    ) {
        self.signature = signature
        self.engine = engine
        self.policy = policy
        self.sharesBatches = sharesBatches
        self.lanes = lanes
        meter = observer?.meter(of: id, signature: signature.name)
        inlineRowLimit = rowCost.map { Int(min(inlineBudget / max($0, .nanoseconds(1)), 1e9)) } ?? 0
        runsAtOnce = sharesBatches && policy.timeout == .zero && inlineRowLimit > 0
        queue = BatchQueue(policy: policy)
    }

    /// Whether requests may run on the thread that brings them.
    package let runsAtOnce: Bool

    /// Rows that wait now.
    package var queuedRowCount: Int { queue.queuedRowCount }

    /// Checks `inputs` and queues them; `completion` is called exactly once: on the caller's thread for a refusal and for what
    /// is run at once, else on a lane.
    func submit(
        _ inputs: [Tensor], handle: ServableHandle, deadline: ContinuousClock.Instant?, request: (any AbandonableRequest)? = nil,
        completion: @escaping @Sendable (PredictionResult) -> Void
    ) {
        do {
            try SignatureCheck.check(inputs, against: signature)
        } catch {
            completion(.failure(error))
            return
        }
        let (key, rowCount) = grouping(inputs)
        let task = PredictTask(
            inputs: inputs, rowCount: rowCount, deadline: deadline, groupKey: key, request: request, handle: handle,
            completion: completion)
        guard !runInline(task) else { return }
        do {
            try queue.submit(task)
            lanes.signal(self)
        } catch {
            completion(.failure(Self.status(of: error, policy)))
        }
    }

    /// Runs a request that is cheaper than the way to a lane and back. Only with a plan that exists: making one takes long.
    private func runInline(_ task: PredictTask) -> Bool {
        guard runsAtOnce, task.rowCount <= inlineRowLimit, case .rows = task.groupKey,
            let plan = engine.readyPlan(for: task.inputs.map(\.spec))
        else { return false }
        let start = apus_monotonic_nanoseconds()
        do {
            let outputs = try run(task, with: plan)
            meter?.ran(rowCount: task.rowCount, nanoseconds: apus_monotonic_nanoseconds() - start)
            task.completion(.success(outputs))
        } catch {
            task.completion(.failure(Self.status(of: error)))
        }
        return true
    }

    /// Runs one input at once on the caller's thread and lends the outputs to `body`, which may decline them.
    ///
    /// For requests that are cheaper than the way to a lane and back, of a shape that has a plan. Nothing is checked but that:
    /// a plan exists only for types and shapes that the signature admits.
    ///
    /// - Parameter input: lent for the call.
    /// - Returns: false when the request is to be submitted instead: it is not cheap, the run failed, or `body` declined.
    package func runAtOnce(_ input: TensorView, _ body: (LentOutputs) -> Bool) -> Bool {
        guard runsAtOnce, signature.inputs.count == 1, let rowCount = input.shape.extents.first, rowCount > 0,
            rowCount <= inlineRowLimit, let plan = engine.readyPlan(for: input.spec)
        else { return false }
        return engine.withSession(plan) { session in
            session.bind(input: 0, to: input.baseAddress)
            let start = apus_monotonic_nanoseconds()
            do throws(EngineError) {
                try session.run()
            } catch {
                return false  // Submitted, it fails again and is answered with the reason.
            }
            let nanoseconds = apus_monotonic_nanoseconds() - start
            guard body(LentOutputs(session)) else { return false }
            meter?.ran(rowCount: rowCount, nanoseconds: nanoseconds)
            return true
        }
    }

    private func grouping(_ inputs: [Tensor]) -> (PredictTask.GroupKey, rowCount: Int) {
        guard sharesBatches, let rows = inputs.first?.shape.extents.first, rows > 0,
            inputs.allSatisfy({ $0.shape.extents.first == rows })
        else { return (.alone(AloneCounter.next()), 1) }
        return (.rows(inputs.map { TensorSpec($0.elementType, $0.shape.replacing(axis: 0, with: 1)) }), rows)
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
        case .closed:
            ServableError(.unavailable, "the version is being unloaded; try again")
        }
    }

    // MARK: On a lane

    package func runNext(now: ContinuousClock.Instant) -> LaneOutcome {
        switch queue.takeBatch(now: now) {
        case .empty(let dropped):
            Self.answer(dropped)
            return .idle
        case .waitUntil(let instant, let dropped):
            Self.answer(dropped)
            return .wait(until: instant)
        case .batch(let tasks, let dropped):
            Self.answer(dropped)
            run(tasks)
            return queue.queuedTaskCount > 0 ? .more : .idle
        }
    }

    /// Says why tasks left the queue unrun.
    private static func answer(_ dropped: [PredictTask]) {
        for task in dropped {
            if task.isAbandoned {
                task.fail(.cancelled, "the client closed its connection before its request's turn")
            } else {
                task.fail(.resourceExhausted, "Run() timeout exceeded while waiting in batching queue")
            }
        }
    }

    private func run(_ tasks: [PredictTask]) {
        let start = apus_monotonic_nanoseconds()
        let rowCount = tasks.reduce(0) { $0 + $1.rowCount }
        do {
            let results =
                try tasks.count == 1 && policy.paddedRowCount(for: rowCount) == rowCount
                ? [runAlone(tasks[0])] : runTogether(tasks)
            meter?.ran(rowCount: rowCount, nanoseconds: apus_monotonic_nanoseconds() - start)
            for (task, outputs) in zip(tasks, results) { task.completion(.success(outputs)) }
        } catch {
            guard tasks.count > 1 else {
                tasks[0].completion(.failure(Self.status(of: error)))
                return
            }
            // One request's bad contents must not fail its neighbours: each tries again by itself.
            for task in tasks { run([task]) }
        }
    }

    /// Reads the request's own memory: no copy on the way in.
    private func runAlone(_ task: PredictTask) throws -> [Tensor] {
        try run(task, with: engine.plan(for: task.inputs.map(\.spec)))
    }

    private func run(_ task: PredictTask, with plan: Plan) throws -> [Tensor] {
        try engine.withSession(plan) { session in
            try withExtendedLifetime(task) {
                for (index, input) in task.inputs.enumerated() { session.bind(input: index, to: input.view.baseAddress) }
                return try engine.finish(session) { $0.map(Tensor.init(copying:)) }
            }
        }
    }

    private func runTogether(_ tasks: [PredictTask]) throws -> [[Tensor]] {
        guard sharesBatches, case .rows = tasks[0].groupKey else { return try tasks.map(runAlone) }
        let batch = BatchAssembly(tasks, paddedRowCount: policy.paddedRowCount(for:))
        let plan = try engine.plan(for: batch.specs)
        return try engine.withSession(plan) { session in
            batch.fill(session)
            return try engine.finish(session) { try batch.split($0) { self.signature.outputs[$0].name } }
        }
    }

    /// What a failed run means to the client.
    private static func status(of error: any Error) -> ServableError {
        switch error {
        case let known as ServableError: known
        case let failure as EngineError:
            switch failure {
            case .invalidInput, .node(_, _, .invalidValue), .node(_, _, .invalidInput), .tooLarge:
                ServableError(.invalidArgument, failure.description)
            case .node(_, _, .unsupported), .unsupportedOperator: ServableError(.unimplemented, failure.description)
            case .node, .invalidGraph: ServableError(.internal, failure.description)
            }
        default: ServableError(.internal, String(describing: error))
        }
    }
}
