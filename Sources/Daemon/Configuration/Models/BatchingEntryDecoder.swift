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
            case "enabled": entry.isEnabled = read(value, Settings.batchingEnabled.kind)
            case "max_batch_size": entry.maxBatchSize = read(value, Settings.maxBatchSize.kind)
            case "timeout": entry.timeout = read(value, Settings.batchTimeout.kind)
            case "target_latency": entry.targetLatency = read(value, Settings.targetLatency.kind)
            case "allowed_sizes": entry.allowedSizes = read(value, Settings.allowedBatchSizes.kind)
            case "max_queued_batches": entry.maxQueuedBatches = read(value, Settings.maxQueuedBatches.kind)
            case "refuse_oversize": entry.refusesOversize = read(value, Settings.refusesOversize.kind)
            default: problems.append(value.problem("unknown key" + KnownKeys.hint(for: name ?? "", among: Self.keys)))
            }
        }
        return entry
    }

    private mutating func read<Value>(_ value: YAMLValue, _ kind: ValueKind<Value>) -> Value? {
        guard let text = value.text(takesList: kind.takesList), let parsed = kind.parse(text) else {
            problems.append(value.wrongKind(expected: kind.expected))
            return nil
        }
        return parsed
    }
}
