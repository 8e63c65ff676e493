/// What the record says of the time before this start.
package struct PreviousLife: Sendable {
    /// Model → the newest of the versions that served last.
    package var lastServed: [String: Int64]
    /// What the files of versions were when they were last loaded, as `ServableDescription.digest`.
    package var digests: [ServableID: String]
    /// Models that an operator has taken out of service.
    package var retired: Set<String>

    package init(lastServed: [String: Int64] = [:], digests: [ServableID: String] = [:], retired: Set<String> = []) {
        self.lastServed = lastServed
        self.digests = digests
        self.retired = retired
    }
}
