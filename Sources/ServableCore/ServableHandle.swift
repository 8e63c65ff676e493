import Dispatch
import Synchronization

/// A version's lease on life: while any reference to the handle lives, the servable's memory lives.
///
/// One handle object exists per loaded version; the table holds it while the version is available, and a request holds it
/// while it runs. Taking one is a retain, nothing more. Keep the handle at least as long as the servable taken from it: when
/// the last reference goes, on whichever thread, the servable is released on `releaseThread`, and `onRelease` is called after that.
package final class ServableHandle: Sendable {
    package let id: ServableID
    /// When a request last took it, by the monotonic clock in nanoseconds; nil when nobody needs to know.
    private let use: Use?
    private let parcel: Parcel
    private let releaseThread: WorkThread
    private let onRelease: @Sendable () -> Void

    package init(
        id: ServableID,
        servable: any Servable,
        notesUse: Bool = false,
        releaseThread: WorkThread,
        onRelease: @escaping @Sendable () -> Void
    ) {
        self.id = id
        use = notesUse ? Use() : nil
        parcel = Parcel(servable)
        self.releaseThread = releaseThread
        self.onRelease = onRelease
    }

    package var servable: any Servable { parcel.servable }

    /// A request has taken the handle.
    @inline(__always)
    func noteUse() { use?.note() }

    /// Later uses have larger numbers; 0 when uses are not noted.
    var lastUse: UInt64 { use?.time.load(ordering: .relaxed) ?? 0 }

    private final class Use: Sendable {
        let time: Atomic<UInt64>

        init() { time = Atomic(Self.now) }

        func note() { time.store(Self.now, ordering: .relaxed) }

        private static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }
    }

    deinit {
        let parcel = parcel
        let onRelease = onRelease
        releaseThread.async {
            parcel.release()
            onRelease()
        }
    }
}

/// Carries the servable from the dying handle to the release queue.
///
/// A plain capture would leave open which thread drops the last reference; emptying the parcel on the queue decides it.
private final class Parcel: Sendable {
    /// Read through a live handle, written once after the handle is gone, hence never both at once: giving up the last reference
    /// to the handle comes after every use of it.
    private(set) nonisolated(unsafe) var servable: any Servable

    init(_ servable: any Servable) {
        self.servable = servable
    }

    func release() {
        servable = Released.instance
    }
}

private final class Released: Servable {
    static let instance = Released()
    var memoryByteCount: Int { 0 }
}
