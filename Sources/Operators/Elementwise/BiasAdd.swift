import GraphIR
import Tensors

/// Adds to each channel a number of its own.
///
/// - Shapes: value [batch, …, channels] (NHWC) or [batch, channels, …] (NCHW), at least of rank 2; bias [channels] → the value's.
/// - Types: every number, both of one type.
/// - Source: TensorFlow BiasAdd, BiasAddV1.
struct BiasAdd: Operator {
    let layout: TensorLayout

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let value = try inputs.required(0, of: ElementTypes.numbers)
        try inputs.checkSameType(1, as: 0)
        let bias = try inputs.required(1).shape
        if let bias, bias.rank != 1 { throw .invalidInput(index: 1, reason: "has shape \(bias), expected a vector") }
        guard let shape = value.shape else { return [ValueFact(value.type)] }
        guard shape.rank >= 2 else { throw .invalidInput(index: 0, reason: "has shape \(shape), expected rank 2 or more") }
        if let bias, Dimension.unified(layout.channels(shape), bias[0]) == nil {
            throw .invalidInput(index: 1, reason: "has shape \(bias), expected one number for each channel of input 0, \(shape)")
        }
        return [ValueFact(value.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let extents = inputs.extents(0), extents.count >= 2, inputs.axis(1) == nil else { return .mixed(RowReason.parameter) }
        return inputs.axis(0) == layout.channelAxis(rank: extents.count) ? .mixed(RowReason.positional) : inputs.elementwise()
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let value = try context.input(0)
            let behind = value.shape.rank - 1 - layout.channelAxis(rank: value.shape.rank)
            let bias = Shape(try context.input(1).shape.extents + [Int](repeating: 1, count: behind))
            let walk = BroadcastWalk(result: value.shape, operands: [value.shape, bias])
            let body = try PairJoin.add.body(value.elementType, walk, divisorCount: 0, context.functions.elementwise)
            return CompiledOperator(LoopKernel(pair: body), inPlace: context.inPlace(0..<1))
        }
    }
}
