import GraphIR
import Tensors

/// A function of two numbers, element by element with broadcasting.
///
/// - Types: FloorDiv, FloorMod and SquaredDifference every number, the others floating point (NextAfter without the 16-bit ones).
///   Integers wrap; an integer divisor 0 is refused.
/// - Numerics: FloorDiv rounds the quotient down, FloorMod is what then remains and has the divisor's sign. DivNoNan is 0 where the
///   divisor is, MulNoNan where the second factor is, Xdivy, Xlogy and Xlog1py where the first operand is, whatever the other holds.
/// - Source: TensorFlow operators of the functions' names.
struct PairFunction: Operator {
    enum Function: String, Sendable, CaseIterable {
        case floorDivide = "FloorDiv", floorModulo = "FloorMod", squaredDifference = "SquaredDifference"
        case divideOrZero = "DivNoNan", multiplyOrZero = "MulNoNan"
        case xdivy = "Xdivy", xlogy = "Xlogy", xlog1py = "Xlog1py"
        case atan2 = "Atan2", nextAfter = "NextAfter"
    }

    let function: Function

    var name: String { function.rawValue }

    private var types: Set<ElementType> {
        switch function {
        case .floorDivide, .floorModulo, .squaredDifference: ElementTypes.numbers
        case .nextAfter: [.float32, .float64]
        default: ElementTypes.floatingPoint
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let first = try inputs.required(0, of: types)
        try inputs.checkSameType(1, as: 0)
        return [ValueFact(first.elementType, try Broadcasting.resultShape(inputs, 0..<2))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<2) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let first = try context.input(0), second = try context.input(1)
            let walk = BroadcastWalk(result: context.outputs[0].shape, operands: [first.shape, second.shape])
            let maker = Maker(function: function, walk: walk, secondCount: second.shape.elementCount)
            return CompiledOperator(LoopKernel(pair: try maker.make(first.elementType, for: name)), inPlace: context.inPlace(0..<2))
        }
    }

    private struct Maker: NumberMaker {
        let function: Function
        let walk: BroadcastWalk
        let secondCount: Int

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) throws(OperatorError) -> PairBody {
            let walk = walk, secondCount = secondCount
            switch function {
            case .floorDivide:
                return { (y, a, b) throws(OperatorError) in
                    try Divisors.check(b, secondCount, Scalar.self)
                    Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in
                        let quotient = a.dividedReportingOverflow(by: b).partialValue
                        let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
                        return rest != 0 && (rest < 0) != (b < 0) ? quotient &- 1 : quotient
                    }
                }
            case .floorModulo:
                return { (y, a, b) throws(OperatorError) in
                    try Divisors.check(b, secondCount, Scalar.self)
                    Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in
                        let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
                        return rest != 0 && (rest < 0) != (b < 0) ? rest &+ b : rest
                    }
                }
            case .squaredDifference:
                return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in (a &- b) &* (a &- b) } }
            default: throw .unsupported("\(function.rawValue) of \(Scalar.elementType)")
            }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> PairBody {
            let walk = walk
            switch function {
            case .floorDivide:
                return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in (a / b).rounded(.down) } }
            case .floorModulo: return { y, a, b in Loops.pair(walk, y, a, b, floorModulo as (Scalar, Scalar) -> Scalar) }
            case .squaredDifference:
                return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in (a - b) * (a - b) } }
            case .divideOrZero: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in b == 0 ? 0 : a / b } }
            case .multiplyOrZero: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in b == 0 ? 0 : a * b } }
            case .xdivy: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a == 0 ? 0 : a / b } }
            case .xlogy: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a == 0 ? 0 : a * b.applying(.log) } }
            case .xlog1py:
                return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a == 0 ? 0 : a * b.applying(.log1p) } }
            case .atan2: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a.angle(over: b) } }
            case .nextAfter: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a.next(toward: b) } }
            }
        }
    }
}

/// What remains of a division whose quotient is rounded down; it has the divisor's sign.
@inline(__always)
private func floorModulo<Scalar: FloatingScalar>(_ a: Scalar, _ b: Scalar) -> Scalar {
    let rest = a.remainder(ofDividingBy: b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
}
