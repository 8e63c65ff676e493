/// What is known of one version of one model.
package struct ServableStatus: Sendable, Equatable {
    package let id: ServableID
    package let state: ServableState
    /// Why the version ended; nil while it lives and after a wanted unload.
    package let error: ServableError?
    /// The last failed try of a version that is still `loading`, or the error it ended with.
    package let lastError: ServableError?
    /// When the state was entered.
    package let since: Timestamp
    /// The version's directory.
    package let path: String

    package init(
        id: ServableID,
        state: ServableState,
        error: ServableError? = nil,
        lastError: ServableError? = nil,
        since: Timestamp,
        path: String
    ) {
        self.id = id
        self.state = state
        self.error = error
        self.lastError = lastError ?? error
        self.since = since
        self.path = path
    }
}
