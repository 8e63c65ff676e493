package import Dispatch

/// A version's lease on life: while any reference to the handle lives, the servable's memory lives.
///
/// One handle object exists per loaded version; the table holds it while the version is available, and a request holds it
/// while it runs. Taking one is a retain, nothing more. Keep the handle at least as long as the servable taken from it: when
/// the last reference goes, on whichever thread, the servable is released on `releaseQueue`, and `onRelease` is called after that.
package final class ServableHandle: Sendable {
    package let id: ServableID
    private let parcel: Parcel
    private let releaseQueue: DispatchQueue
    private let onRelease: @Sendable () -> Void

    package init(
        id: ServableID,
        servable: any Servable,
        releaseQueue: DispatchQueue,
        onRelease: @escaping @Sendable () -> Void
    ) {
        self.id = id
        parcel = Parcel(servable)
        self.releaseQueue = releaseQueue
        self.onRelease = onRelease
    }

    package var servable: any Servable { parcel.servable }

    deinit {
        let parcel = parcel
        let onRelease = onRelease
        releaseQueue.async {
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
