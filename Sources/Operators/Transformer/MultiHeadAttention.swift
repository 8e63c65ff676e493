import GraphIR
import Tensors

/// Attention of several heads over projected queries, keys and values.
///
/// - Shapes: query [B, S, D] with key [B, L, D] and value [B, L, V], or key [B, N, L, D / N] and value [B, N, L, V / N], or both
///   in key [B, L, N, 2, D / N]; or all in query [B, S, N, 3, D / N]. Optional bias [2 · D + V], mask (see `AttentionMask`), addend
///   of the scores [B or 1, N or 1, S, P + L], past keys and values [B, N, P, size] → [B, S, V]; on request keys and values with
///   those of the past, [B, N, P + L, size].
/// - Types: float32 and 16-bit floats, which are rounded once, from float32; masks int32.
/// - Source: onnxruntime's MultiHeadAttention (com.microsoft).
struct MultiHeadAttention: Operator {
    let heads: Int
    let filter: Float
    let scale: Float?
    let isCausal: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        heads = try AttentionInputs.heads("num_heads", reader)
        filter = try reader.float("mask_filter_value", default: -10000)
        scale = try AttentionInputs.scale(reader)
        isCausal = try reader.flag("unidirectional", default: false)
    }

    fileprivate enum Input {
        static let query = 0, key = 1, value = 2, bias = 3, mask = 4, addend = 5, pastKey = 6, pastValue = 7
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...10)
        try AttentionInputs.refuse(8..<10, inputs, of: name)
        let query = try inputs.required(Input.query, of: [.float32, .float16, .bfloat16])
        for index in [Input.key, Input.value, Input.bias, Input.addend, Input.pastKey, Input.pastValue] where inputs[index] != nil {
            _ = try inputs.required(index, of: [query.elementType])
        }
        if inputs[Input.mask] != nil { _ = try inputs.required(Input.mask, of: [.int32]) }
        guard inputs.outputCount <= 3 else { throw .unsupported("the scores as an output of \(name)") }
        if AttentionInputs.areKnown(inputs) {
            let sizes = try sizes { AttentionInputs.shape($0, inputs) }
            let total = sizes.past + sizes.newLength
            let shapes = [
                [sizes.batch, sizes.length, heads * sizes.valueSize], [sizes.batch, heads, total, sizes.keySize],
                [sizes.batch, heads, total, sizes.valueSize],
            ]
            var facts: [ValueFact] = []
            for extents in shapes.prefix(max(inputs.outputCount, 1)) {
                facts.append(ValueFact(query.elementType, try Shape(checked: extents, what: "an output")))
            }
            return facts
        }
        return openFacts(inputs, query)
    }

    /// What is known while shapes are not.
    private func openFacts(_ inputs: OperatorInputs, _ query: ValueFact) -> [ValueFact] {
        let shape = query.shape.flatMap { $0.rank >= 3 ? $0 : nil }
        let batch = shape?[0] ?? .unknown, length = shape?[1] ?? .unknown
        var width = Dimension.unknown
        if let value = inputs[Input.value]?.shape, value.rank == 3 { width = value[2] }
        let present = ValueFact(query.elementType, SymbolicShape([batch, .known(heads), .unknown, .unknown]))
        let result = ValueFact(query.elementType, SymbolicShape([batch, length, width]))
        return Array([result, present, present].prefix(max(inputs.outputCount, 1)))
    }

    /// Vectors of one kind within an input.
    fileprivate struct Source: Sendable {
        let input: Int
        var offset = 0
        let layout: HeadLayout

        func vectors(_ context: KernelContext, bias: UnsafePointer<Float>?) -> HeadVectors {
            HeadVectors(base: context.input(input, as: Float.self) + offset, layout: layout, bias: bias)
        }
    }

    fileprivate struct Sizes: Sendable {
        var batch: Int
        var length: Int
        var newLength: Int
        var past = 0
        var keySize: Int
        var valueSize: Int
        var query: Source
        var key: Source
        var value: Source
        var mask = AttentionMask.constant
        var addend: HeadLayout?
    }

    /// The sizes that the inputs' shapes make; `shape` gives nil for an absent input.
    private func sizes(_ shape: (Int) -> Shape?) throws(OperatorError) -> Sizes {
        guard let query = shape(Input.query), query.rank == 3 || query.rank == 5 else {
            throw .invalidInput(index: 0, reason: "has a rank other than 3 and 5")
        }
        var sizes = query.rank == 5 ? try packedSizes(query, shape) : try apartSizes(query, shape)
        guard sizes.keySize > 0, sizes.valueSize > 0 else { throw .invalidInput(index: 0, reason: "has heads without elements") }
        if let bias = shape(Input.bias), bias.extents != [heads * (2 * sizes.keySize + sizes.valueSize)] {
            throw .invalidInput(
                index: Input.bias, reason: "is \(bias), expected one number for each element of a query, a key and a value")
        }
        try addPast(shape, to: &sizes)
        let total = sizes.past + sizes.newLength
        if let mask = shape(Input.mask) {
            sizes.mask = try AttentionMask(mask, input: Input.mask, batch: sizes.batch, length: sizes.length, total: total)
        }
        if let addend = shape(Input.addend) {
            sizes.addend = try AttentionInputs.addendLayout(
                addend, input: Input.addend, batch: sizes.batch, heads: heads, length: sizes.length, total: total)
        }
        return sizes
    }

    private func packedSizes(_ query: Shape, _ shape: (Int) -> Shape?) throws(OperatorError) -> Sizes {
        guard query[2] == heads, query[3] == 3, shape(Input.key) == nil, shape(Input.value) == nil else {
            throw .invalidInput(index: 0, reason: "is \(query), expected query, key and value of \(heads) heads and no other input")
        }
        let layout = HeadLayout.together(length: query[1], heads: heads, size: query[4], parts: 3)
        return Sizes(
            batch: query[0], length: query[1], newLength: query[1], keySize: query[4], valueSize: query[4],
            query: Source(input: 0, layout: layout), key: Source(input: 0, offset: query[4], layout: layout),
            value: Source(input: 0, offset: 2 * query[4], layout: layout))
    }

    private func apartSizes(_ query: Shape, _ shape: (Int) -> Shape?) throws(OperatorError) -> Sizes {
        guard let key = shape(Input.key), (3...5).contains(key.rank), key[0] == query[0], query[2] % heads == 0 else {
            throw .invalidInput(index: Input.key, reason: "is missing, or does not fit queries \(query) of \(heads) heads")
        }
        let size = query[2] / heads
        let own = Source(input: 0, layout: .together(length: query[1], heads: heads, size: size))
        if key.rank == 5 {
            guard key.extents == [query[0], key[1], heads, 2, size], shape(Input.value) == nil, shape(Input.bias) == nil else {
                throw .invalidInput(
                    index: Input.key, reason: "is \(key), expected keys and values for queries \(query), without bias")
            }
            let layout = HeadLayout.together(length: key[1], heads: heads, size: size, parts: 2)
            return Sizes(
                batch: query[0], length: query[1], newLength: key[1], keySize: size, valueSize: size, query: own,
                key: Source(input: Input.key, layout: layout), value: Source(input: Input.key, offset: size, layout: layout))
        }
        guard let value = shape(Input.value), value.rank == key.rank, value[0] == key[0] else {
            throw .invalidInput(index: Input.value, reason: "is missing, or does not fit keys \(key)")
        }
        if key.rank == 4 {
            guard key.extents == [query[0], heads, key[2], size], value[1] == heads, value[2] == key[2] else {
                throw .invalidInput(index: Input.key, reason: "is \(key) with values \(value), which do not fit queries \(query)")
            }
            if shape(Input.bias) != nil { throw .unsupported("a bias beside keys of 4 axes") }
            return Sizes(
                batch: query[0], length: query[1], newLength: key[2], keySize: size, valueSize: value[3], query: own,
                key: Source(input: Input.key, layout: .apart(heads: heads, length: key[2], size: size)),
                value: Source(input: Input.value, layout: .apart(heads: heads, length: key[2], size: value[3])))
        }
        guard key[2] == query[2], value[1] == key[1], value[2] % heads == 0 else {
            throw .invalidInput(index: Input.key, reason: "is \(key) with values \(value), which do not fit queries \(query)")
        }
        let valueSize = value[2] / heads
        return Sizes(
            batch: query[0], length: query[1], newLength: key[1], keySize: size, valueSize: valueSize, query: own,
            key: Source(input: Input.key, layout: .together(length: key[1], heads: heads, size: size)),
            value: Source(input: Input.value, layout: .together(length: key[1], heads: heads, size: valueSize)))
    }

    private func addPast(_ shape: (Int) -> Shape?, to sizes: inout Sizes) throws(OperatorError) {
        let key = shape(Input.pastKey), value = shape(Input.pastValue)
        guard key != nil || value != nil else { return }
        guard let key, let value, key.rank == 4, key.extents == [sizes.batch, heads, key[2], sizes.keySize],
            value.extents == [sizes.batch, heads, key[2], sizes.valueSize]
        else {
            throw .invalidInput(index: Input.pastKey, reason: "or input \(Input.pastValue) is missing or does not fit the others")
        }
        sizes.past = key[2]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        inputs.attentionEntries(
            [Input.query, Input.key, Input.value, Input.pastKey, Input.pastValue], mask: Input.mask, addend: Input.addend)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let sizes = try sizes { $0 < context.inputs.count ? context.inputs[$0]?.shape : nil }
        let total = sizes.past + sizes.newLength, heads = heads
        let attention = try HeadAttention(
            batch: sizes.batch, heads: heads, length: sizes.length, newLength: sizes.newLength, past: sizes.past,
            keySize: sizes.keySize, valueSize: sizes.valueSize, scale: scale, addend: sizes.addend)
        let rules = MaskedAttention(
            batch: sizes.batch, length: sizes.length, past: sizes.past, total: total, isCausal: isCausal && sizes.length > 1,
            mask: sizes.mask, maskInput: context.has(Input.mask) ? Input.mask : nil, filter: filter)
        let hasBias = context.has(Input.bias), hasPast = context.has(Input.pastKey), outputs = context.outputs.count
        let width = heads * sizes.keySize
        let kernel = HeadAttentionKernel(attention: attention, rules: rules, kernels: context.functions) { context in
            let bias = hasBias ? context.input(Input.bias, as: Float.self) : nil
            return AttentionMemory(
                query: sizes.query.vectors(context, bias: bias), key: sizes.key.vectors(context, bias: bias.map { $0 + width }),
                value: sizes.value.vectors(context, bias: bias.map { $0 + 2 * width }),
                pastKey: hasPast ? context.input(Input.pastKey, as: Float.self) : nil,
                pastValue: hasPast ? context.input(Input.pastValue, as: Float.self) : nil,
                presentKey: outputs > 1 ? context.output(1, as: Float.self) : nil,
                presentValue: outputs > 2 ? context.output(2, as: Float.self) : nil,
                result: context.output(0, as: Float.self),
                addend: sizes.addend == nil ? nil : context.input(Input.addend, as: Float.self))
        }
        return CompiledOperator(kernel, scratchByteCount: attention.scratchByteCount)
    }
}
