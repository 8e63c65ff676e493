import GraphIR
import Tensors

/// Limits every element to a range; NaN stays NaN, and where the bounds cross the lower one wins.
///
/// - Shapes: each bound is a scalar or has the data's shape. Types: every number, all of one type.
/// - Source: TensorFlow ClipByValue.
struct ClipByValue: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let data = try inputs.required(0, of: ElementTypes.numbers)
        for index in 1..<3 {
            try inputs.checkSameType(index, as: 0)
            guard let shape = data.shape?.concrete, let bound = try inputs.required(index).shape?.concrete else { continue }
            guard bound.elementCount == 1 && bound.rank <= shape.rank || bound == shape else {
                throw .invalidInput(index: index, reason: "has shape \(bound), expected a scalar or \(shape) as input 0")
            }
        }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<3) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0)
            let maker = Maker(
                count: data.shape.elementCount, lowStep: try context.input(1).shape.elementCount == 1 ? 0 : 1,
                highStep: try context.input(2).shape.elementCount == 1 ? 0 : 1)
            return CompiledOperator(try maker.make(data.elementType, for: name), inPlace: context.inPlace(0..<1))
        }
    }

    private struct Maker: NumberMaker {
        let count: Int
        let lowStep: Int
        let highStep: Int

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_ type: Scalar.Type) -> LoopKernel { kernel(type) }
        func floatingPoint<Scalar: FloatingScalar>(_ type: Scalar.Type) -> LoopKernel { kernel(type) }

        @inline(__always)
        private func kernel<Scalar: Comparable & Sendable>(_: Scalar.Type) -> LoopKernel {
            let count = count, lowStep = lowStep, highStep = highStep
            return LoopKernel { context in
                let x = context.input(0, as: Scalar.self), y = context.output(0, as: Scalar.self)
                let low = context.input(1, as: Scalar.self), high = context.input(2, as: Scalar.self)
                for i in 0..<count {
                    let lowered = x[i] > high[i * highStep] ? high[i * highStep] : x[i]
                    y[i] = lowered < low[i * lowStep] ? low[i * lowStep] : lowered
                }
            }
        }
    }
}
