import Synchronization

/// The line that `systemctl status` shows: what the daemon does and, behind it, what the operator has to mend. Safe from every thread.
package final class StatusLine: Sendable {
    private struct Parts {
        var activity = ""
        var trouble: String?
        var reported = ""

        var text: String { trouble.map { "\(activity); \($0)" } ?? activity }
    }

    private let notify: SystemdNotify
    private let parts = Mutex(Parts())

    package init(_ notify: SystemdNotify) { self.notify = notify }

    package func show(_ activity: String) { change { $0.activity = activity } }

    /// - Parameter trouble: stays behind whatever the daemon does; nil when it is over.
    package func show(trouble: String?) { change { $0.trouble = trouble } }

    /// Reports within the lock, so that the last report is of the last state.
    private func change(_ body: (inout Parts) -> Void) {
        parts.withLock { parts in
            body(&parts)
            guard parts.text != parts.reported else { return }
            parts.reported = parts.text
            notify.status(parts.text)
        }
    }
}
