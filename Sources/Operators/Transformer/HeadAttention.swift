import CKernels
import GraphIR
import Tensors

/// Where the vectors of heads lie: distances in elements between batch entries, heads and places.
struct HeadLayout: Sendable {
    let batch: Int
    let head: Int
    let row: Int

    /// For [batch, length, heads, size], of which every head has `parts` vectors beside one another.
    static func together(length: Int, heads: Int, size: Int, parts: Int = 1) -> HeadLayout {
        let row = heads * parts * size
        return HeadLayout(batch: length * row, head: parts * size, row: row)
    }

    /// For [batch, heads, length, size].
    static func apart(heads: Int, length: Int, size: Int) -> HeadLayout {
        HeadLayout(batch: heads * length * size, head: length * size, row: size)
    }

    @inline(__always)
    func offset(_ batch: Int, _ head: Int, _ row: Int = 0) -> Int { batch * self.batch + head * self.head + row * self.row }
}

/// The vectors of queries, keys or values.
struct HeadVectors {
    var base: UnsafePointer<Float>
    var layout: HeadLayout
    /// Added to each, one number for each head and element.
    var bias: UnsafePointer<Float>?
}

/// What one call of attention reads and writes.
struct AttentionMemory {
    var query: HeadVectors
    var key: HeadVectors
    var value: HeadVectors
    /// [batch, key heads, past, size]; nil without a past.
    var pastKey: UnsafePointer<Float>?
    var pastValue: UnsafePointer<Float>?
    /// [batch, key heads, capacity, size]; nil when nobody wants them.
    var presentKey: UnsafeMutablePointer<Float>?
    var presentValue: UnsafeMutablePointer<Float>?
    /// [batch, length, heads, value size].
    var result: UnsafeMutablePointer<Float>
    /// Added to the scores.
    var addend: UnsafePointer<Float>?
    /// One logit for each head that takes part in the softmax and has no value.
    var sinks: UnsafePointer<Float>?
    /// Cosines and sines by position.
    var cosines: UnsafePointer<Float>?
    var sines: UnsafePointer<Float>?
}

/// How many keys one batch entry has in a call.
struct AttentionSpan {
    /// Of the past that are kept, before the new ones.
    let past: Int
    /// In all, at most the capacity.
    let total: Int
}

/// What differs between the operators: how many keys there are, and what is masked.
protocol AttentionRules: Sendable {
    func span(_ batch: Int, _ context: KernelContext) throws(OperatorError) -> AttentionSpan

    /// The position, for the rotation, of new row `row`.
    func position(_ batch: Int, _ row: Int, _ span: AttentionSpan, _ context: KernelContext) -> Int

    /// The keys that row `row` of the queries attends to, within `0..<span.total`.
    func keys(_ row: Int, _ span: AttentionSpan) -> Range<Int>

    /// Adds what masks keys to the scores of one row, of which there are `count`.
    func mask(_ scores: UnsafeMutablePointer<Float>, _ count: Int, batch: Int, row: Int, _ context: KernelContext)
}

/// Attention by heads, single precision: softmax(scale · q · kᵀ + addend) · v for each batch entry and head.
///
/// A unit of work is a batch entry and a head of the keys, with the heads of the queries that share it. Its keys and values, past
/// and new, are brought together first: where the result wants them, or in scratch memory.
struct HeadAttention: Sendable {
    var batch: Int
    var heads: Int
    var keyHeads: Int
    var queryLength: Int
    /// New keys and values.
    var newLength: Int
    /// Keys that the past has room for.
    var pastLength = 0
    /// Keys that the present has room for.
    var capacity: Int
    var keySize: Int
    var valueSize: Int
    var scale: Float
    /// Above 0: scores are bent to lie within ± this.
    var softcap: Float = 0
    /// Whether a logit of 0 without a value takes part in every softmax.
    var isSmooth = false
    /// Distances in the addend between batch entries and heads, 0 where it has one for all, and between rows.
    var addendLayout: HeadLayout?
    var rotation: HeadRotation?

    /// Queries that are computed at once.
    private static let block = 64

    var units: Int { ByteCount.product(batch, keyHeads) }

    fileprivate var blockRows: Int { min(queryLength, Self.block) }

    /// Floats of scratch: queries, scores, keys and values.
    private var scratchPlaces: (scores: Int, keys: Int, values: Int, count: Int) {
        let scores = ByteCount.product(blockRows, keySize)
        let keys = ByteCount.sum(scores, ByteCount.product(blockRows, capacity))
        let values = ByteCount.sum(keys, ByteCount.product(capacity, keySize))
        return (scores, keys, values, ByteCount.sum(values, ByteCount.product(capacity, valueSize)))
    }

    var scratchByteCount: Int { ByteCount.of(Float.self, scratchPlaces.count) }

    var split: PartSplit {
        let products = Double(queryLength) * Double(heads) / Double(max(keyHeads, 1)) + 1
        return PartSplit(units: units, operations: Double(units) * products * Double(capacity) * Double(keySize + valueSize))
    }

    /// - Throws: when an extent is beyond what OpenBLAS can count.
    func check() throws(OperatorError) {
        _ = try MatrixProduct(rows: queryLength, steps: keySize, columns: capacity)
        let row = ByteCount.product(heads, valueSize)
        _ = try MatrixProduct(
            rows: queryLength, steps: capacity, columns: valueSize, left: MatrixProduct.Operand(stride: capacity),
            right: MatrixProduct.Operand(stride: valueSize), resultStride: row)
    }

    func run<Rules: AttentionRules>(
        _ units: Range<Int>, _ rules: Rules, _ memory: AttentionMemory, _ context: KernelContext,
        _ scratch: UnsafeMutablePointer<Float>, _ kernels: apus_softmax_kernels
    ) throws(OperatorError) {
        let places = scratchPlaces, group = heads / max(keyHeads, 1)
        for unit in units {
            let entry = unit / keyHeads, head = unit % keyHeads
            let span = try rules.span(entry, context)
            let keys = memory.presentKey.map { $0 + unit * capacity * keySize } ?? scratch + places.keys
            let values = memory.presentValue.map { $0 + unit * capacity * valueSize } ?? scratch + places.values
            let past = unit * pastLength
            try gather(
                memory.key, memory.pastKey.map { $0 + past * keySize }, into: keys, size: keySize, entry, head, span,
                clears: memory.presentKey != nil)
            if let rotation {
                for row in 0..<min(newLength, capacity - span.past) {
                    let position = rules.position(entry, row, span, context)
                    try rotation.turn(keys + (span.past + row) * keySize, position, memory)
                }
            }
            try gather(
                memory.value, memory.pastValue.map { $0 + past * valueSize }, into: values, size: valueSize, entry, head, span,
                clears: memory.presentValue != nil)
            let call = HeadCall(
                attention: self, memory: memory, context: context, entry: entry, span: span, keys: keys, values: values)
            for member in 0..<group {
                try call.run(head * group + member, rules, scratch, scratch + places.scores, kernels)
            }
        }
    }

    /// Past and new vectors of one head, one after another.
    private func gather(
        _ new: HeadVectors, _ past: UnsafePointer<Float>?, into target: UnsafeMutablePointer<Float>, size: Int, _ entry: Int,
        _ head: Int, _ span: AttentionSpan, clears: Bool
    ) throws(OperatorError) {
        if let past, span.past > 0 { target.update(from: past, count: span.past * size) }
        let kept = max(min(newLength, capacity - span.past), 0)
        for row in 0..<kept {
            let source = new.base + new.layout.offset(entry, head, row), to = target + (span.past + row) * size
            if let bias = new.bias {
                let own = bias + head * size
                for i in 0..<size { to[i] = source[i] + own[i] }
            } else {
                to.update(from: source, count: size)
            }
        }
        if clears { (target + (span.past + kept) * size).update(repeating: 0, count: (capacity - span.past - kept) * size) }
    }
}

extension HeadAttention {
    /// With as many heads of keys as of queries, all of whose keys are in the present.
    ///
    /// - Throws: when an extent is beyond what OpenBLAS can count.
    init(
        batch: Int, heads: Int, length: Int, newLength: Int, past: Int, keySize: Int, valueSize: Int, scale: Float?,
        addend: HeadLayout?
    ) throws(OperatorError) {
        self.init(
            batch: batch, heads: heads, keyHeads: heads, queryLength: length, newLength: newLength, pastLength: past,
            capacity: past + newLength, keySize: keySize, valueSize: valueSize, scale: scale ?? 1 / Float(keySize).squareRoot())
        addendLayout = addend
        try check()
    }
}

/// One batch entry with the keys and values of one head.
private struct HeadCall {
    let attention: HeadAttention
    let memory: AttentionMemory
    let context: KernelContext
    let entry: Int
    let span: AttentionSpan
    let keys: UnsafeMutablePointer<Float>
    let values: UnsafeMutablePointer<Float>

    /// Attention of head `head` of the queries, some rows at a time.
    func run<Rules: AttentionRules>(
        _ head: Int, _ rules: Rules, _ queries: UnsafeMutablePointer<Float>, _ scores: UnsafeMutablePointer<Float>,
        _ kernels: apus_softmax_kernels
    ) throws(OperatorError) {
        let sizes = attention, total = span.total, rowStride = sizes.heads * sizes.valueSize
        let block = max(sizes.blockRows, 1)
        for first in stride(from: 0, to: sizes.queryLength, by: block) {
            let rows = first..<min(first + block, sizes.queryLength)
            let result = memory.result + (entry * sizes.queryLength + first) * rowStride + head * sizes.valueSize
            guard total > 0 else {
                for row in 0..<rows.count { (result + row * rowStride).update(repeating: 0, count: sizes.valueSize) }
                continue
            }
            try load(rows, head, rules, into: queries)
            var product = try MatrixProduct(rows: rows.count, steps: sizes.keySize, columns: total, right: .transposed)
            product.scale = Double(sizes.scale)
            Float.multiply(product, queries, keys, into: scores)
            for row in rows { weigh(row, head, rules, scores + (row - first) * total, kernels) }
            let sum = try MatrixProduct(
                rows: rows.count, steps: total, columns: sizes.valueSize, left: MatrixProduct.Operand(stride: total),
                right: MatrixProduct.Operand(stride: sizes.valueSize), resultStride: rowStride)
            Float.multiply(sum, scores, values, into: result)
        }
    }

    private func load<Rules: AttentionRules>(
        _ rows: Range<Int>, _ head: Int, _ rules: Rules, into queries: UnsafeMutablePointer<Float>
    ) throws(OperatorError) {
        let size = attention.keySize, query = memory.query
        for row in rows {
            let source = query.base + query.layout.offset(entry, head, row), to = queries + (row - rows.lowerBound) * size
            if let bias = query.bias {
                let own = bias + head * size
                for i in 0..<size { to[i] = source[i] + own[i] }
            } else {
                to.update(from: source, count: size)
            }
            if let rotation = attention.rotation { try rotation.turn(to, rules.position(entry, row, span, context), memory) }
        }
    }

    /// Makes the scores of one row weights.
    private func weigh<Rules: AttentionRules>(
        _ row: Int, _ head: Int, _ rules: Rules, _ scores: UnsafeMutablePointer<Float>, _ kernels: apus_softmax_kernels
    ) {
        let total = span.total, cap = attention.softcap
        if cap > 0 { for key in 0..<total { scores[key] = cap * (scores[key] / cap).applying(.tanh) } }
        if let addend = memory.addend, let layout = attention.addendLayout {
            let own = addend + layout.offset(entry, head, row)
            for key in 0..<total { scores[key] += own[key] }
        }
        rules.mask(scores, total, batch: entry, row: row, context)
        let kept = rules.keys(row, span).clamped(to: 0..<total)
        scores.update(repeating: 0, count: kept.lowerBound)
        (scores + kept.upperBound).update(repeating: 0, count: total - kept.upperBound)
        guard !kept.isEmpty else { return }
        let weights = scores + kept.lowerBound
        if let sink = memory.sinks.map({ $0[head] }) ?? (attention.isSmooth ? 0 : nil) {
            Self.softmax(weights, kept.count, sink: sink)
        } else {
            kernels.softmax_rows_f32(weights, weights, 1, kept.count)
        }
    }

    /// A softmax in which another logit takes part.
    private static func softmax(_ x: UnsafeMutablePointer<Float>, _ count: Int, sink: Float) {
        var top = sink
        for i in 0..<count { top = max(top, x[i]) }
        var sum = (sink - top).applying(.exp)
        for i in 0..<count {
            x[i] = (x[i] - top).applying(.exp)
            sum += x[i]
        }
        for i in 0..<count { x[i] /= sum }
    }
}
