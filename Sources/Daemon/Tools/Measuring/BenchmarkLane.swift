import Dispatch
import GraphIR
import Inference
import Synchronization

/// One lane's share of a benchmark: runs the model until the time is over.
final class BenchmarkLane: LaneWork {
    private struct State {
        var durations: [Duration] = []
        var failure: (any Error)?
    }

    /// Signalled once, when the lane will run no more.
    let finished = DispatchSemaphore(value: 0)

    private let engine: Engine
    private let inputs: [RuntimeValue]
    private let end: ContinuousClock.Instant
    private let state = Mutex(State())

    init(_ engine: Engine, _ inputs: [RuntimeValue], until end: ContinuousClock.Instant) {
        self.engine = engine
        self.inputs = inputs
        self.end = end
    }

    var durations: [Duration] { state.withLock(\.durations) }
    var failure: (any Error)? { state.withLock(\.failure) }

    func runNext(in workspace: Workspace, now: ContinuousClock.Instant) -> LaneOutcome {
        guard now < end else { return finish(nil) }
        let clock = ContinuousClock()
        do {
            let start = clock.now
            try runOnce(workspace)
            let duration = clock.now - start
            state.withLock { $0.durations.append(duration) }
            return .more
        } catch {
            return finish(error)
        }
    }

    private func finish(_ error: (any Error)?) -> LaneOutcome {
        state.withLock { $0.failure = error }
        finished.signal()
        return .idle
    }

    private func runOnce(_ workspace: Workspace) throws {
        try withExtendedLifetime(inputs) {
            try engine.run(inputs.map(ValueView.init), in: workspace) { _ in }
        }
    }
}
