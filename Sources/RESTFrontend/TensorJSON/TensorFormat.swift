/// The two ways to lay out tensors in a request; the response follows the request's.
package enum TensorFormat: Sendable {
    /// `instances` → `predictions`
    case row
    /// `inputs` → `outputs`
    case columnar

    /// The format that has a member of this name in the request's object.
    init?(memberName: JSONString) {
        if memberName.spells("instances") {
            self = .row
        } else if memberName.spells("inputs") {
            self = .columnar
        } else {
            return nil
        }
    }

    /// The format whose member's name stands, without escapes, at `position`, and the position behind the name.
    @inline(__always)
    static func plainName(
        at position: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> (format: TensorFormat, next: UnsafePointer<UInt8>)? {
        if let next = unsafe JSONBytes.after("\"instances\"", position, end) { return unsafe (.row, next) }
        return unsafe JSONBytes.after("\"inputs\"", position, end).map { unsafe (.columnar, $0) }
    }
}
