import CKernels
import GraphIR
import Tensors

/// The sum of the embeddings of words, positions and segments, normalised over its last axis.
///
/// - Shapes: words [B, S], optional segments [B, S], tables of words, positions and, optional, segments [count, C], gamma and
///   beta [C], optional mask [B, S], optional positions [B, S] or [1, S] (without them a word's place counts) → [B, S, C]; on
///   request how many elements of each line of the mask are 1, [B] (0 without a mask), and the sum itself, [B, S, C].
/// - Types: indices int32, tables float32 or 16-bit floats, which are rounded once, from float32. Quantized, tables, gamma and beta
///   are int8 or uint8, and a scale and a zero point for each of the five stand where the positions would.
/// - Source: onnxruntime's EmbedLayerNormalization and QEmbedLayerNormalization (com.microsoft).
struct EmbedLayerNormalization: Operator {
    let epsilon: Float
    let isQuantized: Bool

    init(_ reader: AttributeReader, isQuantized: Bool = false) throws(OperatorError) {
        epsilon = try NormalizationInputs.epsilon(reader, default: 1e-12)
        self.isQuantized = isQuantized
    }

    var name: String { isQuantized ? "QEmbedLayerNormalization" : "EmbedLayerNormalization" }

    fileprivate enum Input {
        static let words = 0, segments = 1, wordTable = 2, positionTable = 3, segmentTable = 4, gamma = 5, beta = 6, mask = 7
        static let positions = 8
        /// Tables, gamma and beta.
        static let numbers = wordTable...beta
        /// Where the scale and the zero point of a quantized input stand.
        static func scale(of input: Int) -> Int { input - wordTable + 8 }
        static func zero(of input: Int) -> Int { input - wordTable + 13 }
    }

    private var positionsInput: Int? { isQuantized ? nil : Input.positions }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(isQuantized ? 18...18 : 7...9)
        let words = try inputs.required(Input.words, of: [.int32])
        let types: Set<ElementType> = isQuantized ? LinearTypes.eightBits : [.float32, .float16, .bfloat16]
        let table = try inputs.required(Input.wordTable, of: types), type: ElementType = isQuantized ? .float32 : table.elementType
        for index in Input.numbers where index != Input.segmentTable || inputs[index] != nil {
            _ = try inputs.required(index, of: [table.elementType])
            guard isQuantized else { continue }
            try inputs.checkOneQuantization(
                scale: Input.scale(of: index), zero: Input.zero(of: index), type: table.elementType, zeroIsOptional: false)
        }
        for index in [Input.segments, Input.mask] + [positionsInput].compactMap(\.self) where inputs[index] != nil {
            _ = try inputs.required(index, of: [.int32])
        }
        guard (inputs[Input.segments] == nil) == (inputs[Input.segmentTable] == nil) else {
            throw .invalidInput(index: Input.segments, reason: "and the table of segments go together")
        }
        if let rank = words.rank, rank != 2 { throw .invalidInput(index: 0, reason: "has rank \(rank), expected batch and words") }
        let columns = try checkTables(inputs)
        try checkIndices(inputs, words.shape)
        for index in [Input.gamma, Input.beta] {
            try NormalizationInputs.checkVector(inputs, index, type: table.elementType, count: columns, of: "column")
        }
        let batch = words.shape?[0] ?? .unknown, length = words.shape?[1] ?? .unknown
        let result = ValueFact(type, try SymbolicShape([batch, length, columns]).checked("the output"))
        return Array([result, ValueFact(.int32, SymbolicShape([batch])), result].prefix(max(inputs.outputCount, 1)))
    }

    /// The extent of the last axis, which the tables share.
    private func checkTables(_ inputs: OperatorInputs) throws(OperatorError) -> Dimension {
        var columns = Dimension.unknown
        for index in [Input.wordTable, Input.positionTable, Input.segmentTable] {
            guard let shape = inputs[index]?.shape else { continue }
            guard shape.rank == 2, let joined = Dimension.unified(columns, shape[1]) else {
                throw .invalidInput(index: index, reason: "is \(shape), expected a table with \(columns) columns")
            }
            columns = joined
        }
        return columns
    }

    private func checkIndices(_ inputs: OperatorInputs, _ words: SymbolicShape?) throws(OperatorError) {
        guard let words else { return }
        for index in [Input.segments, Input.mask] + [positionsInput].compactMap(\.self) {
            guard let shape = inputs[index]?.shape else { continue }
            let isShared = index == positionsInput && shape.rank == 2 && shape[0].value == 1
            guard shape.rank == 2, isShared || Dimension.unified(shape[0], words[0]) != nil,
                Dimension.unified(shape[1], words[1]) != nil
            else { throw .invalidInput(index: index, reason: "is \(shape), expected \(words)") }
        }
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        var entries = [Input.words, Input.segments, Input.mask]
        if let index = positionsInput, inputs[index] != nil {
            guard let extents = inputs.extents(index) else { return .mixed(RowReason.unknown) }
            if inputs.axis(index) != nil || extents[0] != 1 { entries.append(index) }
        }
        return inputs.entrywise(entries)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let words = try context.input(Input.words).shape
            func table(_ index: Int) throws(OperatorError) -> EmbeddingTable {
                let spec = try context.input(index)
                return EmbeddingTable(
                    input: index, extent: spec.shape[0], columns: spec.shape.elementCount(in: 1..<spec.shape.rank), type: spec.elementType,
                    scale: Input.scale(of: index), zero: Input.zero(of: index))
            }
            let hasPositions = positionsInput.map { context.has($0) } ?? false
            let kernel = EmbeddingKernel(
                kernels: context.functions, batch: words[0], length: words[1], words: try table(Input.wordTable),
                positions: try table(Input.positionTable),
                segments: context.has(Input.segments) ? try table(Input.segmentTable) : nil, gamma: try table(Input.gamma),
                beta: try table(Input.beta), epsilon: epsilon, hasMask: context.has(Input.mask),
                positionRows: hasPositions ? try context.input(Input.positions).shape[0] : nil, outputCount: context.outputs.count)
            return CompiledOperator(kernel, scratchByteCount: isQuantized ? ByteCount.of(Float.self, 2 * kernel.columns) : 0)
        }
    }
}

/// Rows of float32, or of 8-bit integers with a scale and a zero point.
private struct EmbeddingTable: Sendable {
    let input: Int
    let extent: Int
    let columns: Int
    let type: ElementType
    /// Inputs, of a quantized table.
    let scale: Int
    let zero: Int

    var isQuantized: Bool { type != .float32 }

    /// Adds row `row` to `target`, or writes it there.
    @inline(__always)
    func copy(_ row: Int, to target: UnsafeMutablePointer<Float>, adding: Bool, _ context: KernelContext) {
        guard isQuantized else {
            let source = context.input(input, as: Float.self) + row * columns
            for i in 0..<columns { target[i] = adding ? target[i] + source[i] : source[i] }
            return
        }
        let source = SmallIntegers(context.input(input) + row * columns, isSigned: type == .int8)
        let scale = context.number(scale), zero = context.smallInteger(zero, isSigned: type == .int8)
        for i in 0..<columns {
            let number = scale * Float(source[i] &- zero)
            target[i] = adding ? target[i] + number : number
        }
    }

    /// The numbers of a table that is one line, spread into `scratch` when they are quantized.
    func line(_ context: KernelContext, scratch: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
        guard isQuantized else { return context.input(input, as: Float.self) }
        let numbers = SmallIntegers(context.input(input), isSigned: type == .int8)
        let scale = context.number(scale), zero = context.smallInteger(zero, isSigned: type == .int8)
        for i in 0..<extent { scratch[i] = scale * Float(numbers[i] &- zero) }
        return UnsafePointer(scratch)
    }
}

private struct EmbeddingKernel: Kernel {
    private typealias Input = EmbedLayerNormalization.Input

    let kernels: KernelFunctions
    let batch: Int
    let length: Int
    let words: EmbeddingTable
    let positions: EmbeddingTable
    let segments: EmbeddingTable?
    let gamma: EmbeddingTable
    let beta: EmbeddingTable
    let epsilon: Float
    let hasMask: Bool
    /// Lines of positions; nil when a word's place counts.
    let positionRows: Int?
    let outputCount: Int

    var columns: Int { words.columns }

    func run(_ context: KernelContext) throws(OperatorError) {
        if outputCount > 1 { countMask(context) }
        let sum = context.output(outputCount > 2 ? 2 : 0, as: Float.self), y = context.output(0, as: Float.self)
        let columns = columns
        let indices = IndexInput(context.input(Input.words), .int32, axis: 0, extent: words.extent, countsFromEnd: false)
        let kinds = IndexInput(context.input(Input.segments), .int32, axis: 0, extent: segments?.extent ?? 0, countsFromEnd: false)
        for index in 0..<batch * length {
            let target = sum + index * columns
            words.copy(try indices.resolved(index), to: target, adding: false, context)
            positions.copy(try position(index, context), to: target, adding: true, context)
            if let segments { segments.copy(try kinds.resolved(index), to: target, adding: true, context) }
        }
        let scratch = context.scratch.assumingMemoryBound(to: Float.self)
        kernels.matrix.layer_norm_f32(
            y, sum, gamma.line(context, scratch: scratch), beta.line(context, scratch: scratch + columns), batch * length, columns,
            epsilon, nil, nil)
    }

    /// The row of the table of positions for word `index`.
    private func position(_ index: Int, _ context: KernelContext) throws(OperatorError) -> Int {
        guard let positionRows else {
            let place = index % length
            guard place < positions.extent else {
                throw .invalidValue("there are \(positions.extent) embeddings of positions, \(length) words need as many")
            }
            return place
        }
        let places = IndexInput(context.input(Input.positions), .int32, axis: 0, extent: positions.extent, countsFromEnd: false)
        return try places.resolved(positionRows == 1 ? index % length : index)
    }

    private func countMask(_ context: KernelContext) {
        let counts = context.output(1, as: Int32.self)
        for line in 0..<batch {
            counts[line] = 0
            guard hasMask else { continue }
            let mask = context.input(Input.mask, as: Int32.self) + line * length
            for i in 0..<length where mask[i] == 1 { counts[line] &+= 1 }
        }
    }
}
