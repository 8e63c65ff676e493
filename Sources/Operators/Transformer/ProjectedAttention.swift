import GraphIR
import Tensors

/// Attention of several heads over projections of its input: queries, keys and values come from one product.
///
/// - Shapes: x [B, S, C], weights [C, D + D + V], optional bias [D + D + V], mask (see `AttentionMask`), past [2, B, N, P, D / N]
///   and addend of the scores [B or 1, N or 1, S, P + S] → [B, S, V]; on request keys and values with those of the past,
///   [2, B, N, P + S, D / N].
/// - Types: float32 and 16-bit floats, which are rounded once, from float32; masks int32. Quantized, x and weights are int8 or
///   uint8, with a scale and a zero point of x (one number) and of the weights (one number or one for each column).
/// - Source: onnxruntime's Attention and QAttention (com.microsoft).
struct ProjectedAttention: Operator {
    let inputs: ProjectedAttentionInputs
    let heads: Int
    let filter: Float
    let scale: Float?
    let isCausal: Bool
    /// Elements of queries, keys and values; nil for three equal parts.
    let hiddenSizes: [Int]?

    var name: String { inputs.isQuantized ? "QAttention" : "Attention" }

    init(_ reader: AttributeReader, isQuantized: Bool = false) throws(OperatorError) {
        inputs = isQuantized ? .quantized : .real
        heads = try AttentionInputs.heads("num_heads", reader)
        filter = try reader.float("mask_filter_value", default: -10000)
        scale = try AttentionInputs.scale(reader)
        isCausal = try reader.flag("unidirectional", default: false)
        let sizes = try reader.integers("qkv_hidden_sizes") ?? []
        hiddenSizes = sizes.isEmpty ? nil : sizes
        if !sizes.isEmpty, sizes.count != 3 || sizes[0] != sizes[1] || sizes.contains(where: { $0 < 1 || $0 > Int(Int32.max) }) {
            throw .invalidAttribute(name: "qkv_hidden_sizes", reason: "is \(sizes), expected three sizes, the first two equal")
        }
        for name in ["do_rotary", "past_present_share_buffer"] where try reader.flag(name, default: false) {
            throw .unsupported("attribute \"\(name)\" of \(self.name)")
        }
    }

    private typealias Input = ProjectedAttentionInputs

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let type = try self.inputs.check(inputs, of: name), x = ValueFact(type, try inputs.required(Input.x).shape)
        let wanted = max(inputs.outputCount, 1)
        guard AttentionInputs.areKnown(inputs) else { return openFacts(inputs, x, wanted) }
        let sizes = try sizes(outputs: wanted) { AttentionInputs.shape($0, inputs) }
        let result = try Shape(checked: [sizes.batch, sizes.length, heads * sizes.valueSize], what: "the output")
        let present = try Shape(
            checked: [2, sizes.batch, heads, sizes.past + sizes.length, sizes.valueSize], what: "the keys and values")
        return Array([ValueFact(x.elementType, result), ValueFact(x.elementType, present)].prefix(wanted))
    }

    /// What is known while shapes are not.
    private func openFacts(_ inputs: OperatorInputs, _ x: ValueFact, _ wanted: Int) -> [ValueFact] {
        let shape = x.shape.flatMap { $0.rank == 3 ? $0 : nil }
        let batch = shape?[0] ?? .unknown, length = shape?[1] ?? .unknown
        var width = hiddenSizes.map { Dimension.known($0[2]) } ?? .unknown
        if hiddenSizes == nil, let weights = inputs[Input.weights]?.shape, weights.rank == 2, let columns = weights[1].value {
            width = .known(columns / 3)
        }
        let size = width.value.map { Dimension.known($0 / heads) } ?? .unknown
        let result = ValueFact(x.elementType, SymbolicShape([batch, length, width]))
        let present = ValueFact(x.elementType, SymbolicShape([.known(2), batch, .known(heads), .unknown, size]))
        return Array([result, present].prefix(wanted))
    }

    private struct Sizes {
        var batch: Int
        var length: Int
        /// Elements of x, and of a row of the product.
        var inputSize: Int
        var rowSize: Int
        var keySize: Int
        var valueSize: Int
        var past = 0
        var mask = AttentionMask.constant
        var addend: HeadLayout?
    }

    private func sizes(outputs: Int, _ shape: (Int) -> Shape?) throws(OperatorError) -> Sizes {
        guard let x = shape(Input.x), x.rank == 3, let weights = shape(Input.weights), weights.rank == 2, weights[0] == x[2] else {
            throw .invalidInput(index: Input.weights, reason: "does not fit input 0, expected [B, S, C] and [C, D + D + V]")
        }
        let row = weights[1], hidden = hiddenSizes ?? [Int](repeating: row / 3, count: 3)
        guard hidden.reduce(0, +) == row, hidden.allSatisfy({ $0 > 0 && $0 % heads == 0 }) else {
            throw .invalidInput(index: Input.weights, reason: "has \(row) columns, expected \(hidden) of \(heads) heads")
        }
        if let bias = shape(Input.bias), bias.extents != [row] {
            throw .invalidInput(index: Input.bias, reason: "is \(bias), expected \(row) numbers")
        }
        var sizes = Sizes(
            batch: x[0], length: x[1], inputSize: x[2], rowSize: row, keySize: hidden[0] / heads, valueSize: hidden[2] / heads)
        let past = inputs.past, mask = inputs.mask
        if outputs > 1 || shape(past) != nil, sizes.keySize != sizes.valueSize {
            throw .invalidAttribute(name: "qkv_hidden_sizes", reason: "is \(hidden), expected equal sizes for a past or a present")
        }
        if let shape = shape(past) {
            guard shape.rank == 5, shape.extents == [2, x[0], heads, shape[3], sizes.keySize] else {
                throw .invalidInput(index: past, reason: "is \(shape), expected keys and values of \(heads) heads")
            }
            sizes.past = shape[3]
        }
        let total = sizes.past + sizes.length
        if let shape = shape(mask) {
            sizes.mask = try AttentionMask(shape, input: mask, batch: sizes.batch, length: sizes.length, total: total)
            if isCausal, case .positions = sizes.mask { throw .unsupported("a mask of 4 axes for unidirectional Attention") }
        }
        if let addend = inputs.addend, let shape = shape(addend) {
            sizes.addend = try AttentionInputs.addendLayout(
                shape, input: addend, batch: sizes.batch, heads: heads, length: sizes.length, total: total)
        }
        return sizes
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        let past = self.inputs.past
        // Keys and values stand behind one another, each with its own axis of entries.
        guard inputs[past] == nil || inputs.axis(past) == 1 else { return .mixed(RowReason.crossed) }
        var states = inputs.states
        if past < states.count { states[past] = nil }
        let others = RowInputs(states: states, facts: inputs.facts, outputs: inputs.outputs, rowCount: inputs.rowCount)
        guard case .states = others.attentionEntries([Input.x], mask: self.inputs.mask, addend: self.inputs.addend) else {
            return .mixed(RowReason.crossed)
        }
        return .states(inputs.outputs.indices.map { .rows(axis: $0) })
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context, weights: [Input.weights], compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let sizes = try sizes(outputs: context.outputs.count) { $0 < context.inputs.count ? context.inputs[$0]?.shape : nil }
        let total = sizes.past + sizes.length, rows = sizes.batch * sizes.length
        let projection = try inputs.projection(context, rows: rows, steps: sizes.inputSize, columns: sizes.rowSize)
        guard case .kernel(let product) = projection.body else { throw .unsupported("a projection without a kernel") }
        let attention = try HeadAttention(
            batch: sizes.batch, heads: heads, length: sizes.length, newLength: sizes.length, past: sizes.past,
            keySize: sizes.keySize, valueSize: sizes.valueSize, scale: scale, addend: sizes.addend)
        let rules = MaskedAttention(
            batch: sizes.batch, length: sizes.length, past: sizes.past, total: total, isCausal: isCausal && sizes.length > 1,
            mask: sizes.mask, maskInput: context.present(inputs.mask), filter: filter)
        let table = (context.inputs.count + 1) * MemoryLayout<UnsafeMutableRawPointer>.stride
        let projected = ByteCount.aligned(table, to: TensorStorage.alignment)
        let rest = ByteCount.aligned(
            ByteCount.sum(projected, ByteCount.of(Float.self, ByteCount.product(rows, sizes.rowSize))), to: TensorStorage.alignment)
        let kernel = ProjectedAttentionKernel(
            product: product, attention: attention, rules: rules, kernels: context.functions, rowSize: sizes.rowSize,
            past: context.present(inputs.past), addend: inputs.addend.flatMap(context.present), givesPresent: context.outputs.count > 1,
            projectedPlace: projected, restPlace: rest)
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.sum(rest, max(projection.scratchByteCount, attention.scratchByteCount)),
            preparedInputs: projection.preparedInputs)
    }
}

/// Projects into scratch memory, and attends there.
private struct ProjectedAttentionKernel: Kernel {
    let product: any Kernel
    let attention: HeadAttention
    let rules: MaskedAttention
    let kernels: KernelFunctions
    /// Elements of a projected row: query, key and value of all heads.
    let rowSize: Int
    /// Inputs.
    let past: Int?
    let addend: Int?
    let givesPresent: Bool
    /// Where, in scratch memory, the projection lies, and what the kernels themselves use.
    let projectedPlace: Int
    let restPlace: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        let projected = context.scratch + projectedPlace, rest = context.scratch + restPlace
        let table = context.scratch.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        for index in 0..<context.inputCount { table[index] = context.operands[index] }
        table[context.inputCount] = projected
        try product.run(KernelContext(operands: table, inputCount: context.inputCount, scratch: rest))
        try attention.run(
            0..<attention.units, rules, memory(UnsafePointer(projected.assumingMemoryBound(to: Float.self)), context), context,
            rest.assumingMemoryBound(to: Float.self), kernels.softmax)
    }

    private func memory(_ projected: UnsafePointer<Float>, _ context: KernelContext) -> AttentionMemory {
        let sizes = attention, width = sizes.heads * sizes.keySize
        func vectors(_ offset: Int, _ size: Int) -> HeadVectors {
            let layout = HeadLayout(batch: sizes.queryLength * rowSize, head: size, row: rowSize)
            return HeadVectors(base: projected + offset, layout: layout)
        }
        let past = past.map { context.input($0, as: Float.self) }
        let present = givesPresent ? context.output(1, as: Float.self) : nil
        let pastCount = sizes.batch * sizes.heads * sizes.pastLength * sizes.keySize
        let presentCount = sizes.batch * sizes.heads * sizes.capacity * sizes.keySize
        return AttentionMemory(
            query: vectors(0, sizes.keySize), key: vectors(width, sizes.keySize), value: vectors(2 * width, sizes.valueSize),
            pastKey: past, pastValue: past.map { $0 + pastCount }, presentKey: present,
            presentValue: present.map { $0 + presentCount }, result: context.output(0, as: Float.self),
            addend: addend.map { context.input($0, as: Float.self) })
    }
}
