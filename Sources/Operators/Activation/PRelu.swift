import CKernels
import GraphIR
import Tensors

/// x < 0 ? slope·x : x with a slope that stretches to x.
///
/// - Types: floating point, 32- and 64-bit integers; both operands of one type.
/// - Source: ONNX PRelu (opset 1–16); before opset 7 a slope of rank 1 belongs to axis 1 of x.
struct PRelu: Operator {
    let slopeIsPerChannel: Bool

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let types = ElementTypes.floatingPoint.union([.int32, .int64, .uint32, .uint64])
        let data = try inputs.required(0, of: types)
        try inputs.checkSameType(1, as: 0)
        if let x = data.shape?.concrete, let slope = try inputs.required(1).shape?.concrete {
            _ = try stretched(slope, to: x)
        }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let x = inputs.extents(0), let slope = inputs.extents(1) else { return .mixed(RowReason.parameter) }
            let aligned = try stretched(Shape(slope), to: Shape(x))
            return inputs.broadcast([
                RowOperand(extents: x, axis: inputs.axis(0)), RowOperand(extents: aligned.extents, axis: inputs.axis(1)),
            ])
        }
    }

    /// The slope's shape as it broadcasts to `x`.
    private func stretched(_ slope: Shape, to x: Shape) throws(OperatorError) -> Shape {
        let isChannels = slopeIsPerChannel && slope.rank == 1 && slope.elementCount != 1 && x.rank >= 2
        let aligned = isChannels ? Shape(slope.extents + [Int](repeating: 1, count: x.rank - 2)) : slope
        guard Shape.broadcast(x, aligned) == x else {
            throw .invalidInput(index: 1, reason: "has shape \(slope), which does not stretch to \(x) of input 0")
        }
        return aligned
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let x = try context.input(0)
            let slope = try stretched(try context.input(1).shape, to: x.shape)
            let walk = BroadcastWalk(result: x.shape, operands: [x.shape, slope])
            let body =
                x.elementType == .float32
                ? walk.body(context.functions.elementwise.prelu_f32)
                : try Maker(walk: walk).make(x.elementType, for: name)
            return CompiledOperator(LoopKernel(pair: body), inPlace: context.inPlace(0..<1))
        }
    }

    private struct Maker: NumberMaker {
        let walk: BroadcastWalk

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> PairBody {
            let walk = walk
            return { y, a, b in Loops.pair(walk, y, a, b) { (x: Scalar, slope: Scalar) in x < 0 ? slope &* x : x } }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> PairBody {
            let walk = walk
            return { y, a, b in Loops.pair(walk, y, a, b) { (x: Scalar, slope: Scalar) in x < 0 ? slope * x : x } }
        }
    }
}
