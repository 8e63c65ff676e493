/// Whether rows of different requests may share a run.
package enum RowVerdict: Sendable, Hashable, CustomStringConvertible {
    /// Each row of every output follows from the same row of the inputs alone.
    case independent
    /// Not shown, with the reason: it names the node where the derivation ended.
    case alone(String)

    package var description: String {
        switch self {
        case .independent: "rows are independent"
        case .alone(let reason): reason
        }
    }
}
