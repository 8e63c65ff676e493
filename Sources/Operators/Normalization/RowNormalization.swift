import CKernels
import GraphIR
import Tensors

/// The concrete sizes of a normalisation of rows.
struct RowNormalization: Sendable {
    let rows: Int
    let columns: Int
    let epsilon: Float
    /// Whether the mean is taken off.
    let centres: Bool
    let scale: RowParameter
    let bias: RowParameter?
    /// How many of mean and inverse deviation are outputs.
    let statistics: Int

    /// Elements of scratch for parameters that must be spread to a whole row.
    var spreadCount: Int { (scale.indices?.count ?? 0) + (bias?.indices?.count ?? 0) }
}

/// A parameter of a row: one value for each column, or fewer that broadcast.
struct RowParameter: Sendable {
    let input: Int
    /// For each column the element to take; nil when there is one for each.
    let indices: [Int]?

    /// For a shape that broadcasts to `inner`.
    init(input: Int, shape: Shape, inner: Shape) {
        self.input = input
        guard shape.elementCount != inner.elementCount else {
            indices = nil
            return
        }
        let trailing = Array(shape.extents.suffix(inner.rank))
        let extents = [Int](repeating: 1, count: inner.rank - trailing.count) + trailing
        var indices = [0], stride = 1
        for axis in (0..<inner.rank).reversed() {
            let inside = indices
            indices = (0..<inner[axis]).flatMap { index in inside.map { $0 + (extents[axis] == 1 ? 0 : index * stride) } }
            stride *= extents[axis]
        }
        self.indices = indices
    }

    /// The parameter for a whole row; what has to be spread is written to `scratch`, which moves on.
    @inline(__always)
    func row<Scalar>(_ context: KernelContext, _ scratch: inout UnsafeMutablePointer<Scalar>) -> UnsafePointer<Scalar> {
        let values = context.input(input, as: Scalar.self)
        guard let indices else { return values }
        let spread = scratch
        for (column, index) in indices.enumerated() { spread[column] = values[index] }
        scratch += indices.count
        return UnsafePointer(spread)
    }
}

/// Single precision.
struct RowNormKernel: Kernel {
    private let kernels: KernelFunctions
    private let rows: RowNormalization

    init(_ kernels: KernelFunctions, _ rows: RowNormalization) {
        self.kernels = kernels
        self.rows = rows
    }

    func run(_ context: KernelContext) { normalize(0..<rows.rows, context) }

    private var split: PartSplit { PartSplit(units: rows.rows, operations: 4 * Double(rows.rows) * Double(rows.columns)) }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) { normalize(split.units(of: part), context) }

    @inline(__always)
    private func normalize(_ range: Range<Int>, _ context: KernelContext) {
        var scratch = context.scratch.assumingMemoryBound(to: Float.self)
        let first = range.lowerBound * rows.columns
        let x = context.input(0, as: Float.self) + first, y = context.output(0, as: Float.self) + first
        let scale = rows.scale.row(context, &scratch)
        guard rows.centres else {
            kernels.matrix.rms_norm_f32(y, x, scale, range.count, rows.columns, rows.epsilon)
            return
        }
        let bias = rows.bias.map { $0.row(context, &scratch) }
        kernels.matrix.layer_norm_f32(
            y, x, scale, bias, range.count, rows.columns, rows.epsilon,
            rows.statistics > 0 ? context.output(1, as: Float.self) + range.lowerBound : nil,
            rows.statistics > 1 ? context.output(2, as: Float.self) + range.lowerBound : nil)
    }
}

/// Row by row in plain code, for types that have no fast kernel.
struct PlainRowNormKernel<Scalar: TensorScalar & BinaryFloatingPoint>: Kernel {
    let rows: RowNormalization

    func run(_ context: KernelContext) {
        var scratch = context.scratch.assumingMemoryBound(to: Scalar.self)
        let scale = rows.scale.row(context, &scratch)
        let bias = rows.bias.map { $0.row(context, &scratch) }
        let columns = rows.columns
        for row in 0..<rows.rows {
            let x = context.input(0, as: Scalar.self) + row * columns, y = context.output(0, as: Scalar.self) + row * columns
            let (mean, inverse) = PlainMoments.of(x, count: columns, epsilon: rows.epsilon, centres: rows.centres)
            for i in 0..<columns { y[i] = (x[i] - mean) * inverse * scale[i] + (bias?[i] ?? 0) }
        }
    }
}

/// Mean and inverse deviation in plain code.
enum PlainMoments {
    /// The mean (0 unless `centres`) and 1 / sqrt(mean of squared distances + epsilon).
    @inline(__always)
    static func of<Scalar: BinaryFloatingPoint>(
        _ x: UnsafePointer<Scalar>, count: Int, epsilon: Float, centres: Bool = true
    ) -> (mean: Scalar, inverse: Scalar) {
        var sum: Scalar = 0, squares: Scalar = 0
        if centres { for i in 0..<count { sum += x[i] } }
        let mean = centres ? sum / Scalar(count) : 0
        for i in 0..<count { squares += (x[i] - mean) * (x[i] - mean) }
        return (mean, 1 / (squares / Scalar(count) + Scalar(epsilon)).squareRoot())
    }
}
