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
            kernel(isBeyond: { (a: Scalar, b: Scalar) in a > b }, isBelow: { $0 < $1 })
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> LoopKernel {
            kernel(
                isBeyond: { (a: Scalar, b: Scalar) in a > b || a.isNaN && !b.isNaN },
                isBelow: { $0 < $1 || $0.isNaN && !$1.isNaN })
        }

        /// - Parameters:
        ///   - isBeyond: whether its first argument takes the maximum's place from the second.
        ///   - isBelow: the same for the minimum.
        @inline(__always)
        private func kernel<Scalar: TensorScalar>(
            isBeyond: @escaping @Sendable (Scalar, Scalar) -> Bool, isBelow: @escaping @Sendable (Scalar, Scalar) -> Bool
        ) -> LoopKernel {
            let lines = lines, isMaximum = isMaximum, selectsLast = selectsLast
            return LoopKernel { context in
                let x = context.input(0, as: Scalar.self)
                var y = context.output(0, as: Int64.self)
                lines.forEachLine { start in
                    var best: Int64 = 0, index: Int64 = 0, extremum = x[start]
                    for at in lines.elements(from: start) {
                        let value = x[at]
                        let replaces = isMaximum ? isBeyond(value, extremum) : isBelow(value, extremum)
                        let equals = selectsLast && !(isMaximum ? isBeyond(extremum, value) : isBelow(extremum, value))
                        if replaces || equals { (best, extremum) = (index, value) }
                        index += 1
                    }
                    y.pointee = best
                    y += 1
                }
            }
        }
    }
}
