import GraphIR
import Tensors

/// Running sums or products along an axis that input 1 names when it runs.
///
/// - Shapes: the result has the input's. `exclusive` leaves each element out of its own sum; `reverse` starts at the end.
/// - Types: floating point, 32- and 64-bit integers, which wrap.
/// - Source: ONNX CumSum (opset 11–14), CumProd (opset 26).
struct Cumulative: Operator {
    enum Function: String, Sendable, CaseIterable {
        case sum = "CumSum", product = "CumProd"
    }

    let function: Function
    let isExclusive: Bool
    let isReversed: Bool

    var name: String { function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.required(0, of: ElementTypes.floatingPoint.union([.int32, .int64, .uint32, .uint64]))
        let axis = try inputs.required(1, of: [.int32, .int64])
        if let shape = axis.concrete?.shape, shape.elementCount != 1 {
            throw .invalidInput(index: 1, reason: "has shape \(shape), expected a scalar")
        }
        if let rank = data.rank, let axis = axis.integers?.first { _ = try Axes.resolve(axis, rank: rank) }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let axis = inputs.integers(1)?.first else { return .mixed("joins elements along an axis that is not known") }
            return inputs.linewise(along: [try Axes.resolve(axis, rank: inputs.extents(0)?.count ?? 0)])
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0), axisType = try context.input(1).elementType
            let maker = Maker(
                function: function,
                run: CumulativeRun(
                    shape: data.shape, axisIsWide: axisType == .int64, isExclusive: isExclusive, isReversed: isReversed))
            return CompiledOperator(try maker.make(data.elementType, for: name), inPlace: context.inPlace(0..<1))
        }
    }

    private struct Maker: NumberMaker {
        let function: Function
        let run: CumulativeRun

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> LoopKernel {
            let run = run
            return function == .sum
                ? LoopKernel { (context) throws(OperatorError) in try run(context, 0 as Scalar) { $0 &+ $1 } }
                : LoopKernel { (context) throws(OperatorError) in try run(context, 1 as Scalar) { $0 &* $1 } }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> LoopKernel {
            let run = run
            return function == .sum
                ? LoopKernel { (context) throws(OperatorError) in try run(context, 0 as Scalar) { $0 + $1 } }
                : LoopKernel { (context) throws(OperatorError) in try run(context, 1 as Scalar) { $0 * $1 } }
        }
    }
}

/// One run over all lines along the axis that input 1 holds.
private struct CumulativeRun: Sendable {
    let shape: Shape
    let axisIsWide: Bool
    let isExclusive: Bool
    let isReversed: Bool

    @inline(__always)
    func callAsFunction<Scalar>(
        _ context: KernelContext, _ start: Scalar, _ join: (Scalar, Scalar) -> Scalar
    ) throws(OperatorError) {
        let axis = axisIsWide ? Int(context.input(1, as: Int64.self).pointee) : Int(context.input(1, as: Int32.self).pointee)
        let lines = AxisLines(shape, axis: try Axes.resolve(axis, rank: shape.rank))
        let x = context.input(0, as: Scalar.self), y = context.output(0, as: Scalar.self)
        let last = (lines.extent - 1) * lines.innerCount
        let step = isReversed ? -lines.innerCount : lines.innerCount
        lines.forEachLine { origin in
            var at = isReversed ? origin + last : origin
            var joined = start
            for _ in 0..<lines.extent {
                let before = joined
                joined = join(joined, x[at])
                y[at] = isExclusive ? before : joined
                at += step
            }
        }
    }
}
