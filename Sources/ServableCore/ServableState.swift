/// Where a version is in its life. Within one life the state only moves forward, and may skip.
///
/// A version that has ended may be wanted again (its directory came back, its files were mended); that is a new life,
/// which begins at `start`.
package enum ServableState: String, Sendable, CaseIterable {
    /// Wanted; no load has begun.
    case start = "START"
    /// Being loaded, or waiting for the next try.
    case loading = "LOADING"
    /// In the table: requests find it.
    case available = "AVAILABLE"
    /// No new request finds it; those that hold a handle go on.
    case unloading = "UNLOADING"
    /// Its memory is free again, or it never loaded (then the status carries the error).
    case end = "END"

    /// Whether the next state of a version may be `next`: later in the same life, or the start of a new one.
    package func mayBecome(_ next: ServableState) -> Bool {
        self == .end ? next == .start : next.rank > rank
    }

    private var rank: Int {
        switch self {
        case .start: 0
        case .loading: 1
        case .available: 2
        case .unloading: 3
        case .end: 4
        }
    }
}
