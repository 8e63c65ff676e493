import Batching
import ServableCore

/// Turns model entries into what is to be served: absolute paths, no double names, batching that fits together.
struct ModelAssembly {
    private(set) var serving = ServingSpecification(models: [])
    /// Batching of the models that set something, by name.
    private(set) var batching: [String: BatchingConfiguration] = [:]
    private(set) var problems: [ConfigurationProblem] = []

    /// - Parameters:
    ///   - folder: what a model's relative path counts from; absolute.
    ///   - root: absolute path whose sub-directories are models.
    ///   - common: batching of all models.
    ///   - loadMode: of models that do not say when they are loaded.
    init(_ entries: [ModelEntry], folder: String, root: String?, common: BatchingConfiguration, loadMode: LoadMode) {
        var models: [ModelSpecification] = []
        var origins: [String: ConfigurationOrigin] = [:]
        for entry in entries {
            if let first = origins.updateValue(entry.origin, forKey: entry.name) {
                report(entry, "Illegal to list model \(entry.name) multiple times in config list; first listed at \(first)")
                continue
            }
            let path = FilePaths.absolute(entry.path, relativeTo: folder)
            models.append(
                ModelSpecification(
                    name: entry.name, basePath: path, versionPolicy: entry.versionPolicy, labels: entry.labels,
                    loadMode: entry.loadMode ?? loadMode, isPinned: entry.isPinned))
            if entry.batching != BatchingEntry() { batching[entry.name] = merged(entry, common) }
        }
        serving = ServingSpecification(models: models, modelRoot: root, rootLoadMode: loadMode)
    }

    /// The model's own batching over that of all models; nil, with a problem, where the values do not fit together.
    private mutating func merged(_ entry: ModelEntry, _ common: BatchingConfiguration) -> BatchingConfiguration? {
        let own = entry.batching
        // Sizes chosen for another maximum mean nothing for this one.
        let inheritedSizes = own.maxBatchSize == nil || own.maxBatchSize == common.maxBatchSize ? common.allowedSizes : []
        do throws(BatchPolicyError) {
            return try BatchingConfiguration(
                isEnabled: own.isEnabled ?? common.isEnabled, maxBatchSize: own.maxBatchSize ?? common.maxBatchSize,
                timeout: own.timeout ?? common.timeout, targetLatency: own.targetLatency ?? common.targetLatency,
                allowedSizes: own.allowedSizes ?? inheritedSizes,
                maxQueuedBatches: own.maxQueuedBatches ?? common.maxQueuedBatches,
                refusesOversize: own.refusesOversize ?? common.refusesOversize)
        } catch {
            problems.append(
                ConfigurationProblem(origin: entry.origin, key: "\(entry.key).batching", message: error.description))
            return nil
        }
    }

    private mutating func report(_ entry: ModelEntry, _ message: String) {
        problems.append(ConfigurationProblem(origin: entry.origin, key: entry.key, message: message))
    }
}
