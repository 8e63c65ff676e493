/// What a request was for, as whoever handles it knows: the access log names it beside the request line.
package struct AccessSubject: Sendable {
    package var model: String
    /// Of what answered; nil when nothing was found.
    package var version: Int64?
    /// Rows of the request's inputs; nil for a request that has none.
    package var rowCount: Int?

    package init(model: String, version: Int64? = nil, rowCount: Int? = nil) {
        self.model = model
        self.version = version
        self.rowCount = rowCount
    }
}
