import GraphIR
import ProtobufWire
import Tensors

/// The order in which operators give the outputs of features: indices, values and shapes of all sparse ones; dense ones; values,
/// then row splits of ragged ones.
enum FeatureOutputs {
    static func ordered(_ outputs: [[RuntimeValue]], sparseCount: Int, denseCount: Int) -> [RuntimeValue] {
        let sparse = outputs.prefix(sparseCount), dense = outputs.dropFirst(sparseCount).prefix(denseCount)
        let ragged = outputs.dropFirst(sparseCount + denseCount)
        return columns(sparse) + dense.flatMap(\.self) + columns(ragged)
    }

    /// The first of all, then the second of all, and so on.
    static func columns(_ outputs: some Collection<[RuntimeValue]>) -> [RuntimeValue] {
        (0..<(outputs.map(\.count).min() ?? 0)).flatMap { column in outputs.map { $0[column] } }
    }
}

/// The features that records have, by key.
enum RecordFeatures {
    /// For each key the values in each record; nil where a record has none. Of repeated entries the last one counts.
    static func parse(
        _ records: [[UInt8]], _ keys: [[UInt8]], field: Int, _ context: EvaluationContext
    ) throws(OperatorError) -> [[FeatureValues?]] {
        try scan(records, keys, field: field, context) { (record, range) throws(WireError) in try record.feature(range) }
    }

    /// For each key the features of its list in each record.
    static func parseLists(
        _ records: [[UInt8]], _ keys: [[UInt8]], field: Int, _ context: EvaluationContext
    ) throws(OperatorError) -> [[[FeatureValues]?]] {
        try scan(records, keys, field: field, context) { (record, range) throws(WireError) in try record.features(range) }
    }

    private static func scan<Found>(
        _ records: [[UInt8]], _ keys: [[UInt8]], field: Int, _ context: EvaluationContext,
        _ read: (ExampleRecord, Range<Int>) throws(WireError) -> Found
    ) throws(OperatorError) -> [[Found?]] {
        var slots: [TextKey: [Int]] = [:]
        for (number, key) in keys.enumerated() { slots[TextKey(key), default: []].append(number) }
        var results = [[Found?]](repeating: [Found?](repeating: nil, count: records.count), count: keys.count)
        for (number, text) in records.enumerated() {
            try context.checkStop()
            let outcome: Result<Void, WireError> = text.withUnsafeBytes { bytes in
                Result { () throws(WireError) in
                    let record = ExampleRecord(bytes)
                    var ranges: [TextKey: Range<Int>] = [:]
                    try record.forEach(field: field) { name, range in
                        let key = TextKey(name)
                        if slots[key] != nil { ranges[key] = range }
                    }
                    for (key, range) in ranges {
                        let found = try read(record, range)
                        for slot in slots[key] ?? [] { results[slot][number] = found }
                    }
                }
            }
            if case .failure(let error) = outcome {
                throw .invalidValue("Could not parse example input, value: '\(OperatorError.shown(text))' (\(error))")
            }
        }
        return results
    }
}
