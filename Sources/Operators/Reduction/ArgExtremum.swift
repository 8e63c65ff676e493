import GraphIR
import Tensors

/// The index of the largest or smallest element along an axis, as int64.
///
/// - Shapes: the axis becomes 1, or goes when `keepdims` is 0; it must not be empty.
/// - Types: every number. Among equals the first counts, or the last with `select_last_index`; NaN counts as the extremum.
/// - Source: ONNX ArgMax, ArgMin (opset 1–13).
struct ArgExtremum: Operator {
    enum Function: String, Sendable, CaseIterable {
        case maximum = "ArgMax", minimum = "ArgMin"
    }

    let function: Function
    let axis: Int
    let keepsAxis: Bool
    let selectsLast: Bool

    var name: String { function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        guard var shape = try inputs.required(0, of: ElementTypes.numbers).shape else { return [ValueFact(.int64, nil)] }
        let axis = try Axes.resolve(axis, rank: shape.rank)
        guard shape[axis] != .known(0) else {
            throw .invalidInput(index: 0, reason: "has shape \(shape): axis \(axis) is empty and has no extremum")
        }
        if keepsAxis { shape[axis] = .known(1) } else { shape.dimensions.remove(at: axis) }
        return [ValueFact(.int64, shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let axis = try Axes.resolve(axis, rank: inputs.extents(0)?.count ?? 0)
            return inputs.linewise(along: [axis], keepsAxes: keepsAxis)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0)
            let lines = AxisLines(data.shape, axis: try Axes.resolve(axis, rank: data.shape.rank))
            let maker = Maker(lines: lines, isMaximum: function == .maximum, selectsLast: selectsLast)
            return CompiledOperator(try maker.make(data.elementType, for: name))
        }
    }

    private struct Maker: NumberMaker {
        let lines: AxisLines
        let isMaximum: Bool
        let selectsLast: Bool

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> LoopKernel {
            let lines = lines, selectsLast = selectsLast
            return isMaximum
                ? LoopKernel { context in search(context, lines, selectsLast) { (a: Scalar, b: Scalar) in a > b } }
                : LoopKernel { context in search(context, lines, selectsLast) { (a: Scalar, b: Scalar) in a < b } }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> LoopKernel {
            let lines = lines, selectsLast = selectsLast
            return isMaximum
                ? LoopKernel { context in
                    search(context, lines, selectsLast) { (a: Scalar, b: Scalar) in a > b || a.isNaN && !b.isNaN }
                }
                : LoopKernel { context in
                    search(context, lines, selectsLast) { (a: Scalar, b: Scalar) in a < b || a.isNaN && !b.isNaN }
                }
        }
    }
}

/// Writes for each line the index of the element that no other takes the place of.
///
/// - Parameter replaces: whether its first argument takes the place of the second.
@inline(__always)
private func search<Scalar: TensorScalar>(
    _ context: KernelContext, _ lines: AxisLines, _ selectsLast: Bool, _ replaces: (Scalar, Scalar) -> Bool
) {
    let x = context.input(0, as: Scalar.self)
    var y = context.output(0, as: Int64.self)
    let step = lines.innerCount
    lines.forEachLine { start in
        var best = 0, extremum = x[start]
        for index in 1..<max(lines.extent, 1) {
            let value = x[start + index * step]
            if replaces(value, extremum) || selectsLast && !replaces(extremum, value) { (best, extremum) = (index, value) }
        }
        y.pointee = Int64(best)
        y += 1
    }
}
