/// Finds which models and versions exist.
package protocol VersionSource: Sendable {
    /// Looks once. May block; the manager calls it on a thread kept for that.
    ///
    /// - Parameter known: of versions that have a life, whether their files are looked into; of the others those of wanted ones are.
    func discover(_ specification: ServingSpecification, known: [ServableID: Bool]) -> Discovery

    /// What the files of a version look like now; nil when they cannot be looked at.
    func fingerprint(of path: String) -> VersionFingerprint?
}

/// What one look found.
package struct Discovery: Sendable, Equatable {
    /// The models of the specification and those of its model root, each once.
    package var models: [DiscoveredModel] = []
    /// Models of the root that exist and cannot be read: nothing is known of their versions.
    package var unreadableNames: Set<String> = []
    /// Why the model root cannot be read; nil when it can, or there is none.
    package var modelRootProblem: String?
    /// Sentences for the log that concern no single model.
    package var warnings: [String] = []

    package init() {}
}

/// One model as found.
package struct DiscoveredModel: Sendable, Equatable {
    package enum Access: Sendable, Equatable {
        case readable
        /// The base path does not exist.
        case missing
        case unreadable
    }

    package let specification: ModelSpecification
    package let access: Access
    /// Every version that exists, ascending; empty unless `readable`.
    package let versions: [DiscoveredVersion]
    /// The versions among them that the policy chooses, ascending.
    package let wanted: [Int64]
    /// Why `wanted` is empty, with the next step; nil when it is not empty or empty by choice.
    package let problem: String?
    /// Sentences for the log.
    package let warnings: [String]
}

/// One version as found.
package struct DiscoveredVersion: Sendable, Equatable {
    package let version: Int64
    package let path: String
    /// Nil for a version whose files were not, or cannot be, looked into.
    package let fingerprint: VersionFingerprint?
}
