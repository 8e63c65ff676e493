import GraphIR
import Tensors

/// Running sums along an axis that input 1 names when it runs.
///
/// - Shapes: the result has the input's. `exclusive` leaves each element out of its own sum; `reverse` starts at the end.
/// - Types: floating point, 32- and 64-bit integers, which wrap.
/// - Source: ONNX CumSum (opset 11–14).
struct CumulativeSum: Operator {
    let isExclusive: Bool
    let isReversed: Bool

    var name: String { "CumSum" }

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

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0), axisType = try context.input(1).elementType
            let maker = Maker(shape: data.shape, axisIsWide: axisType == .int64, isExclusive: isExclusive, isReversed: isReversed)
            return CompiledOperator(try maker.make(data.elementType, for: name), inPlace: context.inPlace(0..<1))
        }
    }

    private struct Maker: NumberMaker {
        let shape: Shape
        let axisIsWide: Bool
        let isExclusive: Bool
        let isReversed: Bool

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> LoopKernel {
            let maker = self
            return LoopKernel { (context) throws(OperatorError) in try maker.run(context, 0 as Scalar) { $0 &+ $1 } }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> LoopKernel {
            let maker = self
            return LoopKernel { (context) throws(OperatorError) in try maker.run(context, 0 as Scalar) { $0 + $1 } }
        }

        @inline(__always)
        private func run<Scalar>(
            _ context: KernelContext, _ zero: Scalar, _ add: (Scalar, Scalar) -> Scalar
        ) throws(OperatorError) {
            let axis = axisIsWide ? Int(context.input(1, as: Int64.self).pointee) : Int(context.input(1, as: Int32.self).pointee)
            let lines = AxisLines(shape, axis: try Axes.resolve(axis, rank: shape.rank))
            let x = context.input(0, as: Scalar.self), y = context.output(0, as: Scalar.self)
            let last = (lines.extent - 1) * lines.innerCount
            let step = isReversed ? -lines.innerCount : lines.innerCount
            lines.forEachLine { start in
                var at = isReversed ? start + last : start
                var sum = zero
                for _ in 0..<lines.extent {
                    let before = sum
                    sum = add(sum, x[at])
                    y[at] = isExclusive ? before : sum
                    at += step
                }
            }
        }
    }
}
