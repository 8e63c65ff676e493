import CKernels
import GraphIR
import Tensors

/// A sum, and its normalisation over the last axis.
///
/// - Shapes: x [..., C], skip of the same shape, or of fewer leading axes for all of x, gamma [C] (, beta [C]) (, bias [C]) → as x;
///   on request the mean and 1 / sqrt(variance + epsilon) of each row, [..., 1], and the sum x + skip + bias, as x.
/// - Types: float32, and 16-bit floats, which are rounded once, from float32.
/// - Source: onnxruntime's SkipLayerNormalization and, without a mean and without beta, SkipSimplifiedLayerNormalization
///   (com.microsoft).
struct SkipNormalization: Operator {
    let epsilon: Float
    /// Whether the mean is taken off; then input 3 is beta.
    let centres: Bool

    private static let sumOutput = 3

    init(_ reader: AttributeReader, centres: Bool) throws(OperatorError) {
        epsilon = try NormalizationInputs.epsilon(reader, default: 1e-12)
        self.centres = centres
    }

    var name: String { centres ? "SkipLayerNormalization" : "SkipSimplifiedLayerNormalization" }

    private var betaInput: Int? { centres ? 3 : nil }
    private var biasInput: Int { centres ? 4 : 3 }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...biasInput + 1)
        let x = try inputs.required(0, of: [.float32, .float16, .bfloat16])
        let skip = try inputs.required(1, of: [x.elementType])
        if let rank = x.rank, rank < 1 { throw .invalidInput(index: 0, reason: "is a scalar, expected rows") }
        let columns = x.shape.map { $0[$0.rank - 1] } ?? .unknown
        for index in 2..<inputs.count where index == 2 || inputs[index] != nil {
            try NormalizationInputs.checkVector(inputs, index, type: x.elementType, count: columns, of: "column")
        }
        if let shape = x.concrete?.shape, let other = skip.concrete?.shape { _ = try Self.skipRows(shape, other) }
        var rows = x.shape
        if let rank = x.rank { rows?[rank - 1] = .known(1) }
        let statistics = ValueFact(.float32, rows)
        return Array([ValueFact(x.type), statistics, statistics, ValueFact(x.type)].prefix(max(inputs.outputCount, 1)))
    }

    /// How many rows of `skip` there are, which repeat over those of `x`.
    private static func skipRows(_ x: Shape, _ skip: Shape) throws(OperatorError) -> Int {
        let extents = Array(skip.extents.drop { $0 == 1 })
        guard skip.rank <= x.rank, skip.extents.last == x.extents.last,
            x.extents.suffix(extents.count).elementsEqual(extents)
        else {
            throw .invalidInput(index: 1, reason: "is \(skip), expected \(x) or its last axes")
        }
        return skip.elementCount(in: 0..<skip.rank - 1)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let extents = inputs.extents(0), inputs.axis(0) != extents.count - 1, inputs.onlyInputsCarryRows(0, 1) else {
            return .mixed(RowReason.joined)
        }
        guard let skip = inputs.extents(1), inputs.axis(1) != skip.count - 1 else { return .mixed(RowReason.joined) }
        return inputs.broadcast(0..<2)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let x = try context.input(0).shape
            let kernel = SkipNormKernel(
                kernels: context.functions, rows: x.elementCount(in: 0..<x.rank - 1), columns: x[x.rank - 1],
                skipRows: try Self.skipRows(x, try context.input(1).shape), epsilon: epsilon, centres: centres,
                betaInput: betaInput.flatMap { context.has($0) ? $0 : nil }, biasInput: context.has(biasInput) ? biasInput : nil,
                statistics: min(context.outputs.count - 1, 2),
                sumOutput: context.outputs.count > Self.sumOutput ? Self.sumOutput : 0)
            return CompiledOperator(kernel)
        }
    }
}

private struct SkipNormKernel: Kernel {
    let kernels: KernelFunctions
    let rows: Int
    let columns: Int
    let skipRows: Int
    let epsilon: Float
    let centres: Bool
    let betaInput: Int?
    let biasInput: Int?
    /// How many of mean and inverse deviation are outputs.
    let statistics: Int
    /// The output that the sum is computed in.
    let sumOutput: Int

    func run(_ context: KernelContext) { run(rows: 0..<rows, context) }

    private var split: PartSplit { PartSplit(units: rows, operations: 6 * Double(rows) * Double(columns)) }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) { run(rows: split.units(of: part), context) }

    private func run(rows: Range<Int>, _ context: KernelContext) {
        let first = rows.lowerBound * columns
        let sum = context.output(sumOutput, as: Float.self) + first, y = context.output(0, as: Float.self) + first
        if columns > 0 { add(rows, into: sum, context) }
        let gamma = context.input(2, as: Float.self)
        let means = statistics > 0 ? context.output(1, as: Float.self) + rows.lowerBound : nil
        let inverses = statistics > 1 ? context.output(2, as: Float.self) + rows.lowerBound : nil
        guard centres else {
            note(rows.count, sum, means, inverses)
            kernels.matrix.rms_norm_f32(y, sum, gamma, rows.count, columns, epsilon)
            return
        }
        let beta = betaInput.map { context.input($0, as: Float.self) }
        kernels.matrix.layer_norm_f32(y, sum, gamma, beta, rows.count, columns, epsilon, means, inverses)
    }

    private func add(_ rows: Range<Int>, into sum: UnsafeMutablePointer<Float>, _ context: KernelContext) {
        let x = context.input(0, as: Float.self) + rows.lowerBound * columns, skip = context.input(1, as: Float.self)
        let bias = biasInput.map { context.input($0, as: Float.self) }, columns = columns
        for row in rows {
            let start = (row - rows.lowerBound) * columns, other = skip + row % skipRows * columns
            if let bias {
                for i in 0..<columns { sum[start + i] = x[start + i] + other[i] + bias[i] }
            } else {
                for i in 0..<columns { sum[start + i] = x[start + i] + other[i] }
            }
        }
    }

    /// The statistics of rows that keep their mean, for whoever asks.
    private func note(
        _ count: Int, _ sum: UnsafeMutablePointer<Float>, _ means: UnsafeMutablePointer<Float>?,
        _ inverses: UnsafeMutablePointer<Float>?
    ) {
        guard means != nil || inverses != nil else { return }
        for row in 0..<count {
            let moments = PlainMoments.of(UnsafePointer(sum + row * columns), count: columns, epsilon: epsilon, centres: false)
            means?[row] = moments.mean
            inverses?[row] = moments.inverse
        }
    }
}
