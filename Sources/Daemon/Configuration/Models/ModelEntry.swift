package import ServableCore

/// One model of the configuration; paths are as written.
package struct ModelEntry: Sendable, Equatable {
    var name: String
    var path: String
    package var versionPolicy = VersionPolicy.latest(1)
    var labels: [String: Int64] = [:]
    var batching = BatchingEntry()
    /// Nil: as for all models.
    var loadMode: LoadMode?
    var isPinned = false
    /// Where it was written.
    var origin: ConfigurationOrigin
    /// Its key, such as `models[2]`.
    var key: String
}

/// Batching of one model; what is nil is as set for all models.
struct BatchingEntry: Sendable, Equatable {
    var isEnabled: Bool?
    var maxBatchSize: Int?
    var timeout: Duration?
    var targetLatency: Duration?
    var allowedSizes: [Int]?
    var maxQueuedBatches: Int?
    var refusesOversize: Bool?
}
