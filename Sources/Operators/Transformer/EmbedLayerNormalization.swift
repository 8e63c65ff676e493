import CKernels
import GraphIR
import Tensors

/// The sum of the embeddings of words, positions and segments, normalised over its last axis.
///
/// - Shapes: words [B, S], optional segments [B, S], tables of words, positions and, optional, segments [count, C], gamma and
///   beta [C], optional mask [B, S], optional positions [B, S] or [1, S] (without them a word's place counts) → [B, S, C]; on
///   request how many elements of each line of the mask are 1, [B] (0 without a mask), and the sum itself, [B, S, C].
/// - Types: indices int32, tables float32 or 16-bit floats, which are rounded once, from float32.
/// - Source: onnxruntime's EmbedLayerNormalization (com.microsoft).
struct EmbedLayerNormalization: Operator {
    let epsilon: Float

    init(_ reader: AttributeReader) throws(OperatorError) { epsilon = try NormalizationInputs.epsilon(reader, default: 1e-12) }

    fileprivate enum Input {
        static let words = 0, segments = 1, wordTable = 2, positionTable = 3, segmentTable = 4, gamma = 5, beta = 6, mask = 7
        static let positions = 8
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(7...9)
        let words = try inputs.required(Input.words, of: [.int32])
        let table = try inputs.required(Input.wordTable, of: [.float32, .float16, .bfloat16])
        for index in [Input.positionTable, Input.segmentTable, Input.gamma, Input.beta] where index != 4 || inputs[index] != nil {
            _ = try inputs.required(index, of: [table.elementType])
        }
        for index in [Input.segments, Input.mask, Input.positions] where inputs[index] != nil {
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
        let result = ValueFact(table.elementType, try SymbolicShape([batch, length, columns]).checked("the output"))
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
        for index in [Input.segments, Input.mask, Input.positions] {
            guard let shape = inputs[index]?.shape else { continue }
            let isShared = index == Input.positions && shape.rank == 2 && shape[0].value == 1
            guard shape.rank == 2, isShared || Dimension.unified(shape[0], words[0]) != nil,
                Dimension.unified(shape[1], words[1]) != nil
            else { throw .invalidInput(index: index, reason: "is \(shape), expected \(words)") }
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let words = try context.input(Input.words).shape
            let tables = [Input.wordTable, Input.positionTable, Input.segmentTable]
            var extents: [Int] = []
            for index in tables { extents.append(context.has(index) ? try context.input(index).shape[0] : 0) }
            let kernel = EmbeddingKernel(
                kernels: context.functions, batch: words[0], length: words[1],
                columns: try context.input(Input.wordTable).shape[1], extents: extents, epsilon: epsilon,
                hasSegments: context.has(Input.segments), hasMask: context.has(Input.mask),
                positionRows: context.has(Input.positions) ? try context.input(Input.positions).shape[0] : nil,
                outputCount: context.outputs.count)
            return CompiledOperator(kernel)
        }
    }
}

private struct EmbeddingKernel: Kernel {
    private typealias Input = EmbedLayerNormalization.Input

    let kernels: KernelFunctions
    let batch: Int
    let length: Int
    let columns: Int
    /// Rows of the tables of words, positions and segments.
    let extents: [Int]
    let epsilon: Float
    let hasSegments: Bool
    let hasMask: Bool
    /// Lines of positions; nil when a word's place counts.
    let positionRows: Int?
    let outputCount: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        if outputCount > 1 { countMask(context) }
        let sum = context.output(outputCount > 2 ? 2 : 0, as: Float.self), y = context.output(0, as: Float.self)
        let words = IndexInput(context.input(Input.words), .int32, axis: 0, extent: extents[0], countsFromEnd: false)
        let segments = IndexInput(context.input(Input.segments), .int32, axis: 0, extent: extents[2], countsFromEnd: false)
        let wordTable = context.input(Input.wordTable, as: Float.self), columns = columns
        let positionTable = context.input(Input.positionTable, as: Float.self)
        let segmentTable = context.input(Input.segmentTable, as: Float.self)
        for index in 0..<batch * length {
            let word = wordTable + (try words.resolved(index)) * columns, target = sum + index * columns
            let place = positionTable + (try position(index, context)) * columns
            for i in 0..<columns { target[i] = word[i] + place[i] }
            guard hasSegments else { continue }
            let segment = segmentTable + (try segments.resolved(index)) * columns
            for i in 0..<columns { target[i] += segment[i] }
        }
        kernels.matrix.layer_norm_f32(
            y, sum, context.input(Input.gamma, as: Float.self), context.input(Input.beta, as: Float.self), batch * length, columns,
            epsilon, nil, nil)
    }

    /// The row of the table of positions for word `index`.
    private func position(_ index: Int, _ context: KernelContext) throws(OperatorError) -> Int {
        guard let positionRows else {
            let place = index % length
            guard place < extents[1] else {
                throw .invalidValue("there are \(extents[1]) embeddings of positions, \(length) words need as many")
            }
            return place
        }
        let positions = IndexInput(context.input(Input.positions), .int32, axis: 0, extent: extents[1], countsFromEnd: false)
        return try positions.resolved(positionRows == 1 ? index % length : index)
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
