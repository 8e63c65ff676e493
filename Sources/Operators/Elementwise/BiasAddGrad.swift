import GraphIR
import Tensors

/// The sum over everything but the channels: the gradient of what `BiasAdd` adds.
///
/// - Shapes: [batch, …, channels] (NHWC) or [batch, channels, …] (NCHW), at least of rank 2 → [channels].
/// - Types: every number.
/// - Source: TensorFlow BiasAddGrad.
struct BiasAddGrad: Operator {
    let layout: TensorLayout

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.required(0, of: ElementTypes.numbers)
        guard let shape = data.shape else { return [ValueFact(data.elementType, SymbolicShape([.unknown]))] }
        guard shape.rank >= 2 else { throw .invalidInput(index: 0, reason: "has shape \(shape), expected rank 2 or more") }
        return [ValueFact(data.elementType, SymbolicShape([layout.channels(shape)]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.joined) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0), channelAxis = layout.channelAxis(rank: data.shape.rank)
            let walk = ReductionWalk(data.shape, axes: (0..<data.shape.rank).filter { $0 != channelAxis })
            if data.elementType == .float32 { return FloatReduction.compile(.sum, walk, context.functions) }
            return CompiledOperator(try ScalarReduction.kernel(.sum, walk, data.elementType))
        }
    }
}
