import GraphIR
import Tensors

/// Selu of float64 with constants to the last digit, which attributes of ONNX have in float32 only.
///
/// - Source: TensorFlow Selu.
struct SeluOfDouble: Operator {
    var name: String { "Selu" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.required(0, of: [.float64]).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = context.outputs[0].shape.elementCount
        let kernel = LoopKernel(map: { y, x in
            Loops.map(y, x, count) { (x: Double) in
                x < 0 ? 1.7580993408473768599 * x.applying(.expm1) : 1.0507009873554804934 * x
            }
        })
        return CompiledOperator(kernel, inPlace: context.inPlace(0..<1))
    }
}
