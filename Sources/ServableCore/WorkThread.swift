import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A thread of its own that runs work in the order it is given.
///
/// It starts with the first work and ends, once it has done what it was given, after the last reference has gone.
package final class WorkThread: Sendable {
    package enum Priority: Sendable {
        case normal
        /// Takes the processor time that the threads which serve requests leave.
        ///
        /// Such a thread starts no other: on Linux a new thread inherits the priority of the one that makes it (sched(7)), and both
        /// Dispatch and the cooperative pool make theirs on whatever thread hands them work. What follows from low-priority work is
        /// therefore begun by `relay`.
        case low
    }

    /// As nice(1) has it: a thread of 0 gets about ten times the processor time of one of 10 when both want it.
    private static let lowNiceness: Int32 = 10

    /// Begins, at the usual priority, what follows from low-priority work; it must not be kept long.
    package static let relay: WorkThread = {
        let thread = WorkThread(priority: .normal)
        thread.start()
        return thread
    }()

    private let priority: Priority
    private let inbox = Inbox()
    private let hasStarted = Atomic(false)

    package init(priority: Priority) {
        self.priority = priority
        // Here, where the caller's priority is still the usual one.
        if priority == .low { _ = Self.relay }
    }

    deinit { inbox.close() }

    /// Runs `work` once, after all that was given before.
    package func async(_ work: @escaping @Sendable () -> Void) {
        inbox.add(work)
        start()
    }

    /// Makes the thread one of low priority, behind all that it was given before.
    package func lowerPriority() {
        _ = Self.relay
        async { Self.lowerOwnPriority() }
    }

    /// Needs no privilege; a `who` of 0 means the calling thread alone (setpriority(2), "C library/kernel differences").
    private static func lowerOwnPriority() {
        #if canImport(Glibc)
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, lowNiceness)
        #endif
    }

    private func start() {
        guard !hasStarted.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let body = Unmanaged.passRetained(Body(inbox: inbox, priority: priority))
        var thread = pthread_t()
        let result = pthread_create(&thread, nil, Self.main, body.toOpaque())
        precondition(result == 0, "cannot start a thread: errno \(result)")
        pthread_detach(thread)
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        guard let argument else { return nil }
        let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        if body.priority == .low { lowerOwnPriority() }
        while let work = body.inbox.take() { work() }
        return nil
    }

    private final class Body: Sendable {
        let inbox: Inbox
        let priority: Priority

        init(inbox: Inbox, priority: Priority) {
            self.inbox = inbox
            self.priority = priority
        }
    }

    /// Work that waits for the thread.
    private final class Inbox: Sendable {
        private let waiting = Mutex<[@Sendable () -> Void]>([])
        private let count = DispatchSemaphore(value: 0)

        func add(_ work: @escaping @Sendable () -> Void) {
            waiting.withLock { $0.append(work) }
            count.signal()
        }

        /// Nothing is added any more.
        func close() { count.signal() }

        /// Waits for the next work; nil when there is none and never will be.
        func take() -> (@Sendable () -> Void)? {
            count.wait()
            return waiting.withLock { waiting in waiting.isEmpty ? nil : waiting.removeFirst() }
        }
    }
}
