import GraphIR
import Tensors

/// The remainder of element-wise division with broadcasting.
///
/// - `fmod` 0: the result has the divisor's sign, of floating-point numbers since opset 28 alone. `fmod` 1: the result has the
///   dividend's sign.
/// - Types: every number; an integer divisor 0 is refused.
/// - Source: ONNX Mod (opset 10–28), TensorFlow Mod and TruncateMod (`cutsTowardZero`).
struct Modulo: Operator {
    let cutsTowardZero: Bool
    /// Whether floating-point numbers may be divided with the quotient rounded down.
    var floorsFloats = false

    var name: String { "Mod" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let first = try inputs.required(0, of: ElementTypes.numbers)
        try inputs.checkSameType(1, as: 0)
        guard cutsTowardZero || floorsFloats || first.elementType.isInteger else {
            throw .invalidAttribute(name: "fmod", reason: "is 0, expected 1 for \(first.elementType) operands")
        }
        return [ValueFact(first.elementType, try Broadcasting.resultShape(inputs, 0..<2))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<2) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let first = try context.input(0), second = try context.input(1)
            let walk = BroadcastWalk(result: context.outputs[0].shape, operands: [first.shape, second.shape])
            let maker = Maker(walk: walk, divisorCount: second.shape.elementCount, cutsTowardZero: cutsTowardZero)
            let body = try maker.make(first.elementType, for: name)
            return CompiledOperator(LoopKernel(pair: body), inPlace: context.inPlace(0..<2))
        }
    }

    private struct Maker: NumberMaker {
        let walk: BroadcastWalk
        let divisorCount: Int
        let cutsTowardZero: Bool

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> PairBody {
            let walk = walk, divisorCount = divisorCount, cutsTowardZero = cutsTowardZero
            return { (y, a, b) throws(OperatorError) in
                try Divisors.check(b, divisorCount, Scalar.self)
                Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in
                    let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
                    return cutsTowardZero || rest == 0 || (rest < 0) == (b < 0) ? rest : rest &+ b
                }
            }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> PairBody {
            let walk = walk
            guard cutsTowardZero else { return { y, a, b in Loops.pair(walk, y, a, b, Self.floored as (Scalar, Scalar) -> Scalar) } }
            return { y, a, b in
                Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a.remainder(ofDividingBy: b) }
            }
        }

        /// What remains when the quotient is rounded down; it has the divisor's sign even where it is zero.
        @inline(__always)
        private static func floored<Scalar: FloatingScalar>(_ a: Scalar, _ b: Scalar) -> Scalar {
            let rest = a.remainder(ofDividingBy: b)
            if rest == 0 { return Scalar(signOf: b, magnitudeOf: 0) }
            return (rest < 0) != (b < 0) ? rest + b : rest
        }
    }
}
