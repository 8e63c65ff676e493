/// Something that happened in the life of models and versions, for records and logs. Events of one manager come in order.
package struct ServableEvent: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The models that are wanted now, name → base path: sent at first and whenever it changes.
        case modelsWanted([String: String])
        /// The versions of a model that exist now (version → directory) and those of them that are wanted: sent when the
        /// model is first looked at and whenever it changes.
        case versionsPresent(model: String, versions: [Int64: String], wanted: [Int64])
        case status(ServableStatus)
        case described(ServableID, ServableDescription)
        /// The files of a version are not those that were loaded, or not those of the last time it was loaded.
        case filesChanged(ServableID, detail: String)
        /// The configuration was read again: what changed, or why it was refused and the old one stays.
        case reload(detail: String, isInForce: Bool)
        /// What keeps versions of a wanted model from being found, nil when nothing does any more: sent whenever it changes.
        case problem(model: String, String?)
        /// An operator has decided whether a model is to serve, whatever its policy chooses.
        case decided(model: String, serves: Bool, by: String)
        /// The labels of a model: where they point, and where they are to point. A label that only is specified waits for its
        /// version. Sent when the model is first looked at and whenever it changes.
        case labels(model: String, assigned: [String: Int64], specified: [String: Int64])
    }

    package let time: Timestamp
    package let kind: Kind

    package init(time: Timestamp, kind: Kind) {
        self.time = time
        self.kind = kind
    }
}
