import GraphIR
import Tensors

/// min(max(x, 0), 6) of integers.
///
/// - Source: TensorFlow Relu6.
struct IntegerRelu6: Operator {
    var name: String { "Relu6" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.required(0, of: ElementTypes.integers).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let maker = Maker(count: context.outputs[0].shape.elementCount)
        return CompiledOperator(
            LoopKernel(map: try maker.make(context.outputs[0].elementType, for: name)), inPlace: context.inPlace(0..<1))
    }

    private struct Maker: NumberMaker {
        let count: Int

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> MapBody {
            let count = count
            return { y, x in Loops.map(y, x, count) { (x: Scalar) in min(max(x, 0), 6) } }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) throws(OperatorError) -> MapBody {
            throw .unsupported("an integer function of \(Scalar.elementType)")
        }
    }
}
