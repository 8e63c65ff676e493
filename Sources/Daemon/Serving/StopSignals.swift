import Glibc
import Logging
import Synchronization
import UnixSignals

/// SIGTERM and SIGINT: the first asks for a graceful stop, the second ends the process at once.
final class StopSignals: Sendable {
    private let signals: UnixSignalsSequence
    private let first = Mutex<UnixSignal?>(nil)
    private let logger: Logger

    init(logger: Logger) async {
        signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        self.logger = logger
    }

    /// The signal that ends the daemon; nil before one has come.
    var cause: String? { first.withLock { $0 }.map(Self.name) }

    /// Runs until it is cancelled.
    ///
    /// - Parameter stop: asks for a graceful stop.
    func run(_ stop: () async -> Void) async {
        for await signal in signals {
            let isFirst = first.withLock { first in
                defer { first = first ?? signal }
                return first == nil
            }
            if isFirst {
                await stop()
                continue
            }
            logger.warning("\(Self.name(signal)), the second signal: the daemon ends at once, without waiting for requests")
            Self.die(by: signal)
        }
    }

    private static func name(_ signal: UnixSignal) -> String { signal == .sigint ? "SIGINT" : "SIGTERM" }

    /// Ends as a process ends that does not trap the signal, so that its parent sees why.
    private static func die(by trapped: UnixSignal) -> Never {
        let number = trapped.rawValue
        signal(number, SIG_DFL)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
        _exit(128 + number)
    }
}
