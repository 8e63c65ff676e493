import GraphIR
import Tensors

/// Whether two numbers at the same place differ by no more than a tolerance; the result is bool.
///
/// - Shapes: the operands are of one shape. Types: every number.
/// - Source: TensorFlow ApproximateEqual.
struct ApproximateEquality: Operator {
    let tolerance: Float

    var name: String { "ApproximateEqual" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let first = try inputs.required(0, of: ElementTypes.numbers)
        try inputs.checkSameType(1, as: 0)
        return [ValueFact(.bool, try BroadcastRule.equal.resultShape(first, try inputs.required(1)))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<2) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let first = try context.input(0)
            let walk = BroadcastWalk(result: first.shape, operands: [first.shape, first.shape])
            return CompiledOperator(LoopKernel(pair: try Maker(walk: walk, tolerance: tolerance).make(first.elementType, for: name)))
        }
    }

    private struct Maker: NumberMaker {
        let walk: BroadcastWalk
        let tolerance: Float

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> PairBody {
            let walk = walk, tolerance = Scalar(saturating: Double(tolerance))
            return { y, a, b in
                Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in (a > b ? a &- b : b &- a) <= tolerance }
            }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> PairBody {
            let walk = walk, tolerance = Scalar(tolerance)
            return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in (a - b).magnitude <= tolerance } }
        }
    }
}
