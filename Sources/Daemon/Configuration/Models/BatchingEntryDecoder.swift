/// Reads the `batching:` map of a model; its keys are those of the map for all models.
struct BatchingEntryDecoder {
    private let map: YAMLValue
    private(set) var problems: [ConfigurationProblem] = []

    private static let keys = [
        "enabled", "max_batch_size", "timeout", "target_latency", "allowed_sizes", "max_queued_batches", "refuse_oversize",
    ]

    init(_ map: YAMLValue) {
        self.map = map
    }

    mutating func decode() -> BatchingEntry {
        var entry = BatchingEntry()
        guard !map.isNull else { return entry }
        guard let entries = map.entries else {
            problems.append(map.wrongKind(expected: "a map with \(Self.keys.joined(separator: ", "))"))
            return entry
        }
        for (name, value) in entries {
            switch name {
            case "enabled": entry.isEnabled = value.read(Settings.batchingEnabled.kind, &problems)
            case "max_batch_size": entry.maxBatchSize = value.read(Settings.maxBatchSize.kind, &problems)
            case "timeout": entry.timeout = value.read(Settings.batchTimeout.kind, &problems)
            case "target_latency": entry.targetLatency = value.read(Settings.targetLatency.kind, &problems)
            case "allowed_sizes": entry.allowedSizes = value.read(Settings.allowedBatchSizes.kind, &problems)
            case "max_queued_batches": entry.maxQueuedBatches = value.read(Settings.maxQueuedBatches.kind, &problems)
            case "refuse_oversize": entry.refusesOversize = value.read(Settings.refusesOversize.kind, &problems)
            default: problems.append(value.problem("unknown key" + KnownKeys.hint(for: name ?? "", among: Self.keys)))
            }
        }
        return entry
    }
}
