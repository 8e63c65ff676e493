import GraphIR
import Tensors

/// Attention in which several heads of the queries share one head of the keys and values, with a cache of those that came before.
///
/// - Shapes: query [B, S, N · size] with key and value [B, S, K · size], or all in query [B, S, (N + 2 · K) · size]; past keys and
///   values [B, K, P, size]; how many keys each batch entry has beyond its first one, [B]; how many keys there are at most, T;
///   cosines and sines [count, pairs]; positions [B, S]; addend of the scores [B or 1, N or 1, S, T]; logits without values [N] →
///   [B, S, N · size], keys and values [B, K, max(T, P), size]. When S is T there is no past; else the new keys are the last S.
/// - Types: float32 and 16-bit floats, which are rounded once, from float32; counts int32, positions int64.
/// - Source: onnxruntime's GroupQueryAttention (com.microsoft) without quantised caches.
struct GroupQueryAttention: Operator {
    let heads: Int
    let keyHeads: Int
    let scale: Float?
    let softcap: Float
    let isSmooth: Bool
    let isCausal: Bool
    /// Keys that a query sees, its own included; nil for all.
    let window: Int?
    let rotates: Bool
    let isInterleaved: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        heads = try AttentionInputs.heads("num_heads", reader)
        keyHeads = try AttentionInputs.heads("kv_num_heads", reader)
        guard heads % keyHeads == 0 else {
            throw .invalidAttribute(name: "num_heads", reason: "is \(heads), expected a multiple of \(keyHeads) heads of keys")
        }
        scale = try AttentionInputs.scale(reader)
        softcap = try reader.float("softcap", default: 0)
        isSmooth = try reader.integer("smooth_softmax", default: 0) == 1
        isCausal = try reader.flag("causal", default: true)
        let window = try reader.integer("local_window_size", default: -1)
        self.window = window >= 0 && isCausal ? window : nil
        rotates = try reader.flag("do_rotary", default: false)
        isInterleaved = try reader.flag("rotary_interleaved", default: false)
        for name in ["sliding_window_cache", "qk_output"] where try reader.flag(name, default: false) {
            throw .unsupported("attribute \"\(name)\" of GroupQueryAttention")
        }
        for name in ["k_quant_type", "v_quant_type"] where try reader.string(name, default: "NONE") != "NONE" {
            throw .unsupported("attribute \"\(name)\" of GroupQueryAttention")
        }
    }

    fileprivate enum Input {
        static let query = 0, key = 1, value = 2, pastKey = 3, pastValue = 4, lengths = 5, total = 6, cosines = 7, sines = 8
        static let positions = 9, addend = 10, sinks = 11
    }

    var shapeOperands: Set<Int> { [Input.total] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(7...16)
        try AttentionInputs.refuse(12..<16, inputs, of: name)
        guard inputs.outputCount <= 3 else { throw .unsupported("the scores as an output of \(name)") }
        let query = try inputs.required(Input.query, of: [.float32, .float16, .bfloat16])
        let others = [Input.key, Input.value, Input.pastKey, Input.pastValue, Input.addend, Input.sinks]
        for index in others where inputs[index] != nil {
            _ = try inputs.required(index, of: [query.elementType])
        }
        _ = try inputs.required(Input.lengths, of: [.int32])
        let total = try total(inputs.required(Input.total, of: [.int32]))
        if inputs[Input.positions] != nil { _ = try inputs.required(Input.positions, of: [.int64]) }
        let pairs =
            rotates
            ? try HeadRotation.columns(inputs, cosines: Input.cosines, sines: Input.sines, type: query.elementType) : .known(0)
        let wanted = max(inputs.outputCount, 1)
        guard AttentionInputs.areKnown(inputs), let total else { return openFacts(inputs, query, wanted) }
        let sizes = try sizes(total: total) { AttentionInputs.shape($0, inputs) }
        guard let pairs = pairs.value, pairs <= sizes.size / 2 else {
            throw .invalidInput(index: Input.cosines, reason: "has \(pairs) columns, expected at most half of \(sizes.size)")
        }
        let present = try Shape(checked: [sizes.batch, keyHeads, sizes.capacity, sizes.size], what: "the keys")
        let result = try Shape(checked: [sizes.batch, sizes.length, heads * sizes.size], what: "the output")
        let cache = ValueFact(query.elementType, present)
        return Array([ValueFact(query.elementType, result), cache, cache].prefix(wanted))
    }

    /// The largest number of keys, when it is known.
    private func total(_ fact: ValueFact) throws(OperatorError) -> Int? {
        if let shape = fact.concrete?.shape, shape.elementCount != 1 {
            throw .invalidInput(index: Input.total, reason: "is \(shape), expected one number")
        }
        guard let values = fact.integers else { return nil }
        guard values.count == 1, values[0] >= 0 else { throw .invalidValue("the number of keys is \(values), expected one") }
        return values[0]
    }

    /// What is known while shapes are not.
    private func openFacts(_ inputs: OperatorInputs, _ query: ValueFact, _ wanted: Int) -> [ValueFact] {
        let shape = query.shape.flatMap { $0.rank == 3 ? $0 : nil }
        let batch = shape?[0] ?? .unknown, length = shape?[1] ?? .unknown
        let parts = inputs[Input.key] == nil ? heads + 2 * keyHeads : heads
        let size = shape?[2].value.map { $0 / parts }
        let width = size.map { Dimension.known(ByteCount.product($0, heads)) } ?? .unknown
        let cache = ValueFact(
            query.elementType, SymbolicShape([batch, .known(keyHeads), .unknown, size.map(Dimension.known) ?? .unknown]))
        return Array([ValueFact(query.elementType, SymbolicShape([batch, length, width])), cache, cache].prefix(wanted))
    }

    private struct Sizes {
        var batch: Int
        var length: Int
        var size: Int
        var past = 0
        var capacity = 0
        var isPacked: Bool
        var addend: HeadLayout?
    }

    private func sizes(total: Int, _ shape: (Int) -> Shape?) throws(OperatorError) -> Sizes {
        guard let query = shape(Input.query), query.rank == 3 else {
            throw .invalidInput(index: 0, reason: "has a rank other than 3")
        }
        let isPacked = shape(Input.key) == nil, parts = isPacked ? heads + 2 * keyHeads : heads
        guard query[2] > 0, query[2] % parts == 0 else {
            throw .invalidInput(index: 0, reason: "is \(query), expected vectors for \(parts) heads")
        }
        var sizes = Sizes(batch: query[0], length: query[1], size: query[2] / parts, isPacked: isPacked)
        let keys: [Int]? = isPacked ? nil : [query[0], query[1], keyHeads * sizes.size]
        for index in [Input.key, Input.value] where shape(index)?.extents != keys {
            throw .invalidInput(index: index, reason: "is missing, or does not fit queries \(query) of \(heads) heads")
        }
        try addPast(shape, to: &sizes)
        sizes.capacity = max(total, sizes.past)
        guard shape(Input.lengths)?.elementCount == sizes.batch else {
            throw .invalidInput(index: Input.lengths, reason: "has not one number for each of \(sizes.batch) batch entries")
        }
        guard sizes.length <= total else {
            throw .invalidValue("there are \(total) keys at most, fewer than the \(sizes.length) new ones")
        }
        if let positions = shape(Input.positions), positions.extents != [sizes.batch, sizes.length] {
            throw .invalidInput(index: Input.positions, reason: "is \(positions), expected \([sizes.batch, sizes.length])")
        }
        if let sinks = shape(Input.sinks), sinks.extents != [heads] {
            throw .invalidInput(index: Input.sinks, reason: "is \(sinks), expected one number for each of \(heads) heads")
        }
        if let addend = shape(Input.addend) {
            sizes.addend = try AttentionInputs.addendLayout(
                addend, input: Input.addend, batch: sizes.batch, heads: heads, length: sizes.length, total: total)
        }
        return sizes
    }

    private func addPast(_ shape: (Int) -> Shape?, to sizes: inout Sizes) throws(OperatorError) {
        let key = shape(Input.pastKey), value = shape(Input.pastValue)
        guard key != nil || value != nil else { return }
        guard let key, key == value, key.rank == 4, key.extents == [sizes.batch, keyHeads, key[2], sizes.size] else {
            throw .invalidInput(index: Input.pastKey, reason: "or input \(Input.pastValue) is missing or does not fit the others")
        }
        sizes.past = key[2]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        var entries = [Input.query, Input.key, Input.value, Input.pastKey, Input.pastValue, Input.lengths]
        if inputs[Input.positions] != nil {
            // Without a past, all entries begin where the first one does.
            guard let total = inputs.integers(Input.total)?.first, let length = inputs.extents(0)?.dropFirst().first, length != total
            else { return .mixed(RowReason.parameter) }
            entries.append(Input.positions)
        }
        return inputs.attentionEntries(entries, addend: Input.addend)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        guard let total = try context.parameters(Input.total).first else { throw .invalidValue("the number of keys is missing") }
        let sizes = try sizes(total: total) { $0 < context.inputs.count ? context.inputs[$0]?.shape : nil }
        var attention = HeadAttention(
            batch: sizes.batch, heads: heads, keyHeads: keyHeads, queryLength: sizes.length, newLength: sizes.length,
            pastLength: sizes.past, capacity: sizes.capacity, keySize: sizes.size, valueSize: sizes.size,
            scale: scale ?? 1 / Float(sizes.size).squareRoot(), softcap: softcap, isSmooth: isSmooth)
        attention.addendLayout = sizes.addend
        if rotates {
            let tables = try context.input(Input.cosines).shape
            attention.rotation = HeadRotation(pairs: tables[1], isInterleaved: isInterleaved, positions: tables[0])
        }
        try attention.check()
        let rules = CachedAttention(
            length: sizes.length, past: sizes.past, capacity: min(sizes.capacity, total), isPrompt: sizes.length == total,
            isCausal: isCausal, window: window, lengthsInput: Input.lengths,
            positionsInput: context.has(Input.positions) ? Input.positions : nil)
        let memory = memory(context, sizes)
        let kernel = HeadAttentionKernel(attention: attention, rules: rules, kernels: context.functions, memory: memory)
        return CompiledOperator(kernel, scratchByteCount: attention.scratchByteCount)
    }

    private func memory(_ context: CompileContext, _ sizes: Sizes) -> @Sendable (KernelContext) -> AttentionMemory {
        let length = sizes.length, size = sizes.size, isPacked = sizes.isPacked, heads = heads, keyHeads = keyHeads
        let row = isPacked ? (heads + 2 * keyHeads) * size : 0
        let packed = HeadLayout(batch: length * row, head: size, row: row)
        let own = HeadLayout.together(length: length, heads: heads, size: size)
        let shared = HeadLayout.together(length: length, heads: keyHeads, size: size)
        let hasPast = context.has(Input.pastKey), hasAddend = context.has(Input.addend), hasSinks = context.has(Input.sinks)
        let outputs = context.outputs.count, rotates = rotates
        return { context in
            func input(_ index: Int, _ isThere: Bool = true) -> UnsafePointer<Float>? {
                isThere ? context.input(index, as: Float.self) : nil
            }
            let query = context.input(Input.query, as: Float.self)
            return AttentionMemory(
                query: HeadVectors(base: query, layout: isPacked ? packed : own),
                key: isPacked
                    ? HeadVectors(base: query + heads * size, layout: packed)
                    : HeadVectors(base: context.input(Input.key, as: Float.self), layout: shared),
                value: isPacked
                    ? HeadVectors(base: query + (heads + keyHeads) * size, layout: packed)
                    : HeadVectors(base: context.input(Input.value, as: Float.self), layout: shared),
                pastKey: input(Input.pastKey, hasPast), pastValue: input(Input.pastValue, hasPast),
                presentKey: outputs > 1 ? context.output(1, as: Float.self) : nil,
                presentValue: outputs > 2 ? context.output(2, as: Float.self) : nil,
                result: context.output(0, as: Float.self), addend: input(Input.addend, hasAddend),
                sinks: input(Input.sinks, hasSinks), cosines: input(Input.cosines, rotates), sines: input(Input.sines, rotates))
        }
    }
}

/// Batch entries have as many keys as an input says.
private struct CachedAttention: AttentionRules {
    let length: Int
    let past: Int
    /// The largest number of keys.
    let capacity: Int
    /// Whether all keys are new.
    let isPrompt: Bool
    let isCausal: Bool
    let window: Int?
    let lengthsInput: Int
    let positionsInput: Int?

    func span(_ batch: Int, _ context: KernelContext) throws(OperatorError) -> AttentionSpan {
        let total = Int(context.input(lengthsInput, as: Int32.self)[batch]) + 1
        let kept = isPrompt ? 0 : total - length
        guard total >= 1, total <= capacity, kept >= 0, kept <= past else {
            throw .invalidValue(
                "batch entry \(batch) has \(total) keys, expected 1 to \(capacity), of which "
                    + "\(isPrompt ? "none" : "\(past) at most") are of the past and \(length) are new")
        }
        return AttentionSpan(past: kept, total: total)
    }

    func position(_ batch: Int, _ row: Int, _ span: AttentionSpan, _ context: KernelContext) -> Int {
        guard let positionsInput else { return span.past + row }
        let positions = context.input(positionsInput, as: Int64.self)
        return isPrompt ? Int(positions[0]).addingReportingOverflow(row).partialValue : Int(positions[batch * length + row])
    }

    func keys(_ row: Int, _ span: AttentionSpan) -> Range<Int> {
        guard isCausal else { return 0..<span.total }
        let end = min(span.past + row + 1, span.total)
        return (window.map { max(end - $0, 0) } ?? 0)..<end
    }

    func mask(_ scores: UnsafeMutablePointer<Float>, _ count: Int, batch: Int, row: Int, _ context: KernelContext) {}
}
