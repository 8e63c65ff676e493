import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A loop whose rounds are shared with threads that live as long as it does.
///
/// They are not Dispatch's: a model is loaded at low priority, a new thread inherits the priority of the one that makes it (sched(7)),
/// and Dispatch keeps what it makes for the connections.
enum ParallelLoop {
    private static var processorCount: Int { Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Calls `body` once for each number below `count`, in any order and several at the same time.
    static func run(_ count: Int, _ body: @Sendable (Int) -> Void) {
        let next = Atomic(0)
        withoutActuallyEscaping(body) { body in
            let rounds: @Sendable () -> Void = {
                while true {
                    let round = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard round < count else { return }
                    body(round)
                }
            }
            let helpers = (1..<max(1, min(count, processorCount))).compactMap { _ in start(rounds) }
            rounds()
            for helper in helpers { pthread_join(helper, nil) }
        }
    }

    private final class Rounds: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// A thread that runs `rounds`; nil when the system gives none, so that the others have more to do.
    private static func start(_ rounds: @escaping @Sendable () -> Void) -> pthread_t? {
        let argument = unsafe Unmanaged.passRetained(Rounds(rounds))
        var thread = pthread_t()
        let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
            if let argument = unsafe argument { unsafe Unmanaged<Rounds>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        }
        guard unsafe pthread_create(&thread, nil, main, argument.toOpaque()) == 0 else {
            unsafe argument.release()
            return nil
        }
        return thread
    }
}
