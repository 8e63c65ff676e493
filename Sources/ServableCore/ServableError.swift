/// Why a servable cannot be found, loaded or run: a canonical code and a text for people.
package struct ServableError: Error, Sendable, Hashable, CustomStringConvertible {
    package let code: StatusCode
    /// Names the thing, what was found, what was expected and the next step.
    package let message: String

    package init(_ code: StatusCode, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What a loader threw, as a status. An error that does not state a code counts as `unknown`.
    package init(wrapping error: any Error) {
        switch error {
        case let known as ServableError: self = known
        case is CancellationError: self.init(.cancelled, "the load was cancelled because the version is no longer wanted")
        default: self.init(.unknown, String(describing: error))
        }
    }

    package var description: String { "\(code.name): \(message)" }
}
