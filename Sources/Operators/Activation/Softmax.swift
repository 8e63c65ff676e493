import CKernels
import GraphIR
import Tensors

/// Softmax, its logarithm, or the choice of the largest element, along an axis.
///
/// - Shapes: the result has the input's. From opset 13 on a line is one axis; before, all axes from `axis` on together.
/// - Types: floating point.
/// - Numerics: the line's maximum is subtracted first; a line of −inf gives NaN. Hardmax gives 1 to the first maximum, 0 to
///   the others.
/// - Source: ONNX Softmax, LogSoftmax, Hardmax (opset 1–13).
struct Softmax: Operator {
    enum Function: String, Sendable, CaseIterable {
        case softmax = "Softmax", logSoftmax = "LogSoftmax", hardmax = "Hardmax"
    }

    let function: Function
    let axis: Int
    /// Whether the line runs over all axes from `axis` on.
    let flattens: Bool

    var name: String { function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.required(0, of: ElementTypes.floatingPoint)
        if let rank = data.rank { _ = try resolvedAxis(rank) }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let rank = inputs.extents(0)?.count ?? 0, first = try resolvedAxis(rank)
            return inputs.linewise(along: flattens ? Array(first..<rank) : [first])
        }
    }

    /// A scalar is a line of one; flattening may start behind the last axis.
    private func resolvedAxis(_ rank: Int) throws(OperatorError) -> Int {
        if flattens, axis == rank { return rank }
        if rank == 0, axis == 0 || axis == -1 { return 0 }
        return try Axes.resolve(axis, rank: rank)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let lines = AxisLines(
                context.outputs[0].shape, axis: try resolvedAxis(context.outputs[0].shape.rank), flattens: flattens)
            return CompiledOperator(
                kernel(context.outputs[0].elementType, lines, context.functions.softmax), inPlace: context.inPlace(0..<1))
        }
    }

    private func kernel(_ type: ElementType, _ lines: AxisLines, _ kernels: apus_softmax_kernels) -> any Kernel {
        let isDouble = type == .float64
        switch function {
        case .hardmax:
            return isDouble ? hardmax(lines, Double.self) : hardmax(lines, Float.self)
        case .softmax:
            return isDouble
                ? DoubleSoftmax(lines: lines, isLogarithm: false)
                : FloatSoftmax(lines: lines, rows: kernels.softmax_rows_f32, columns: kernels.softmax_columns_f32)
        case .logSoftmax:
            return isDouble
                ? DoubleSoftmax(lines: lines, isLogarithm: true)
                : FloatSoftmax(lines: lines, rows: kernels.log_softmax_rows_f32, columns: kernels.log_softmax_columns_f32)
        }
    }

    @inline(__always)
    private func hardmax<Scalar: FloatingScalar>(_ lines: AxisLines, _: Scalar.Type) -> LoopKernel {
        LoopKernel { context in
            let x = context.input(0, as: Scalar.self), y = context.output(0, as: Scalar.self)
            lines.forEachLine { start in
                var best = start
                for at in lines.elements(from: start) where x[at] > x[best] { best = at }
                for at in lines.elements(from: start) { y[at] = at == best ? 1 : 0 }
            }
        }
    }
}

/// Lines with unit steps are rows of a matrix, others are columns of one matrix for each outer index.
private struct FloatSoftmax: Kernel {
    let lines: AxisLines
    let rows: apus_softmax_f32
    let columns: apus_softmax_f32

    func run(_ context: KernelContext) {
        var x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
        let lines = lines
        if lines.innerCount == 1 {
            rows(y, x, lines.outerCount, lines.extent)
            return
        }
        let matrix = lines.extent * lines.innerCount
        for _ in 0..<lines.outerCount {
            columns(y, x, lines.extent, lines.innerCount)
            x += matrix
            y += matrix
        }
    }

    /// Rows, or matrices of columns.
    private var split: PartSplit {
        PartSplit(units: lines.outerCount, operations: 8 * Double(lines.outerCount) * Double(lines.extent) * Double(lines.innerCount))
    }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) {
        let units = split.units(of: part), matrix = lines.extent * lines.innerCount
        let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
        if lines.innerCount == 1 {
            rows(y + units.lowerBound * matrix, x + units.lowerBound * matrix, units.count, lines.extent)
            return
        }
        for unit in units { columns(y + unit * matrix, x + unit * matrix, lines.extent, lines.innerCount) }
    }
}

private struct DoubleSoftmax: Kernel {
    let lines: AxisLines
    let isLogarithm: Bool

    func run(_ context: KernelContext) {
        let x = context.input(0, as: Double.self), y = context.output(0, as: Double.self)
        let lines = lines, isLogarithm = isLogarithm
        lines.forEachLine { start in
            var top = -Double.infinity, sum = 0.0
            for at in lines.elements(from: start) where x[at] > top || x[at].isNaN { top = x[at] }
            for at in lines.elements(from: start) { sum += (x[at] - top).applying(.exp) }
            let logarithm = sum.applying(.log)
            for at in lines.elements(from: start) {
                y[at] = isLogarithm ? x[at] - top - logarithm : (x[at] - top).applying(.exp) / sum
            }
        }
    }
}
