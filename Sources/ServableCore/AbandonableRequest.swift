/// A request whose client may leave before it is answered.
///
/// Handed along with the work, so that work which has not begun is dropped when nobody waits for it.
package protocol AbandonableRequest: AnyObject, Sendable {
    /// Whether the client has left; once true it stays so. Cheap, from any thread.
    var isAbandoned: Bool { get }
}
