import Dispatch
import Glibc
import Synchronization

/// Ctrl-C during a measurement: the first ends the measurement, whose results are printed, the second the process.
final class Interruption: Sendable {
    // Dispatch's objects may be used from every thread.
    private nonisolated(unsafe) let source: any DispatchSourceSignal
    private let count = Atomic(0)

    init() {
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: DispatchQueue(label: "apus.interruption"))
        source.setEventHandler(handler: Self.handler(self))
        source.activate()
    }

    deinit {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }

    /// Whether the person has asked for the end.
    var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

    // Formed here, where nothing is isolated to an actor that the queue does not run.
    private static func handler(_ interruption: Interruption) -> @Sendable () -> Void {
        { [weak interruption] in
            guard let interruption, interruption.count.wrappingAdd(1, ordering: .relaxed).oldValue > 0 else { return }
            Glibc._exit(128 + SIGINT)
        }
    }
}
