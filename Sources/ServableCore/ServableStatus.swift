/// What is known of one version of one model.
package struct ServableStatus: Sendable, Equatable {
    package let id: ServableID
    package let state: ServableState
    /// Why the version ended; nil while it lives and after a wanted unload.
    package let error: ServableError?
    /// The last failed try of a version that is still `loading`, or the error it ended with.
    package let lastError: ServableError?
    /// What an operator should know of a version that serves, such as that its files have changed; nil when there is nothing.
    package let notice: String?
    /// When the state was entered.
    package let since: Timestamp
    /// The version's directory.
    package let path: String

    package init(
        id: ServableID,
        state: ServableState,
        error: ServableError? = nil,
        lastError: ServableError? = nil,
        notice: String? = nil,
        since: Timestamp,
        path: String
    ) {
        self.id = id
        self.state = state
        self.error = error
        self.lastError = lastError ?? error
        self.notice = notice
        self.since = since
        self.path = path
    }

    /// The same with another notice.
    func noting(_ notice: String) -> ServableStatus {
        ServableStatus(id: id, state: state, error: error, lastError: lastError, notice: notice, since: since, path: path)
    }
}
