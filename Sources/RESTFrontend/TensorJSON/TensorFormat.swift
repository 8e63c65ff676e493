/// The two ways to lay out tensors in a request; the answer follows the request's.
package enum TensorFormat: Sendable {
    /// `instances` → `predictions`
    case row
    /// `inputs` → `outputs`
    case columnar

    /// The format that has a member of this name in the request's object.
    init?(memberName: JSONString) {
        if memberName.equals("instances") {
            self = .row
        } else if memberName.equals("inputs") {
            self = .columnar
        } else {
            return nil
        }
    }
}
