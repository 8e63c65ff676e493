import Synchronization

/// The right of a run to go on: looked at before each step and each round of a loop, at the cost of one relaxed load.
///
/// Any thread may stop the run; the first reason counts.
package final class RunToken: Sendable {
    package enum Reason: UInt8, Sendable, CustomStringConvertible {
        case deadline = 1
        case abandoned = 2
        case shutdown = 3

        package var description: String {
            switch self {
            case .deadline: "the run was stopped: the request's time is over"
            case .abandoned: "the run was stopped: its client has gone"
            case .shutdown: "the run was stopped: the server is shutting down"
            }
        }
    }

    private let state = Atomic<UInt8>(0)

    package init() {}

    package func stop(_ reason: Reason) {
        _ = state.compareExchange(expected: 0, desired: reason.rawValue, ordering: .relaxed)
    }

    @inline(__always)
    package var isStopped: Bool { state.load(ordering: .relaxed) != 0 }

    package var reason: Reason? { Reason(rawValue: state.load(ordering: .relaxed)) }

    func check() throws(EngineError) {
        guard isStopped, let reason else { return }
        throw .stopped(reason)
    }
}
