import Dispatch
import GraphIR
import Inference
import Synchronization

/// One lane's share of a benchmark: runs the model until the time is over.
final class BenchmarkLane: LaneWork {
    private struct State {
        var latencies = LatencyHistogram()
        var failure: (any Error)?
    }

    /// Signalled once, when the lane will run no more.
    let finished = DispatchSemaphore(value: 0)
    /// What each step took; nil when nobody asked.
    let profile: StepProfile?

    private let engine: Engine
    private let inputs: [RuntimeValue]
    private let end: ContinuousClock.Instant
    private let interruption: Interruption
    private let state = Mutex(State())

    init(
        _ engine: Engine, _ inputs: [RuntimeValue], until end: ContinuousClock.Instant, _ interruption: Interruption, profiles: Bool
    ) {
        self.engine = engine
        self.inputs = inputs
        self.end = end
        self.interruption = interruption
        profile = profiles ? StepProfile() : nil
    }

    var latencies: LatencyHistogram { state.withLock(\.latencies) }
    var runCount: Int { state.withLock(\.latencies.count) }
    var failure: (any Error)? { state.withLock(\.failure) }

    func runNext(in workspace: Workspace, now: ContinuousClock.Instant) -> LaneOutcome {
        guard now < end, !interruption.isRequested else { return finish(nil) }
        let clock = ContinuousClock()
        do {
            workspace.profile = profile
            let start = clock.now
            try runOnce(workspace)
            let duration = clock.now - start
            state.withLock { $0.latencies.add(duration) }
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
