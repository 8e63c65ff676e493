import GraphIR
import Tensors

/// Shifts of integers of either sign with broadcasting; the sign moves in from the left.
///
/// - Numerics: a distance below 0 counts as 0, one of the type's width or more as the width less one.
/// - Source: TensorFlow LeftShift, RightShift.
struct Shift: Operator {
    let isLeft: Bool

    var name: String { isLeft ? "LeftShift" : "RightShift" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let first = try inputs.required(0, of: ElementTypes.integers)
        try inputs.checkSameType(1, as: 0)
        return [ValueFact(first.elementType, try Broadcasting.resultShape(inputs, 0..<2))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<2) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let first = try context.input(0), second = try context.input(1)
        let walk = BroadcastWalk(result: context.outputs[0].shape, operands: [first.shape, second.shape])
        let body = try Maker(isLeft: isLeft, walk: walk).make(first.elementType, for: name)
        return CompiledOperator(LoopKernel(pair: body), inPlace: context.inPlace(0..<2))
    }

    private struct Maker: NumberMaker {
        let isLeft: Bool
        let walk: BroadcastWalk

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> PairBody {
            let walk = walk, longest = Scalar(truncatingIfNeeded: Scalar.bitWidth - 1)
            if isLeft {
                return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a &<< min(max(b, 0), longest) } }
            }
            return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a &>> min(max(b, 0), longest) } }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) throws(OperatorError) -> PairBody {
            throw .unsupported("a shift of \(Scalar.elementType)")
        }
    }
}

/// How many bits of each integer are 1, as uint8.
///
/// - Source: TensorFlow PopulationCount.
struct PopulationCount: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(.uint8, try inputs.required(0, of: ElementTypes.integers).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let maker = Maker(count: context.outputs[0].shape.elementCount)
        return CompiledOperator(LoopKernel(map: try maker.make(try context.input(0).elementType, for: name)))
    }

    private struct Maker: BitsMaker {
        let count: Int

        func bits<Bits: FixedWidthInteger & UnsignedInteger & TensorScalar>(_: Bits.Type) -> MapBody {
            let count = count
            return { y, x in Loops.map(y, x, count) { (x: Bits) in UInt8(truncatingIfNeeded: x.nonzeroBitCount) } }
        }
    }
}
