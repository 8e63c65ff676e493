import GraphIR
import Tensors

/// A function of each complex number by itself.
///
/// - Types: complex64, complex128; the result is of the input's type.
/// - Source: TensorFlow operators of the functions' names.
struct ComplexMap: Operator {
    let function: ComplexFunction

    var name: String { function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.required(0, of: ElementTypes.complex).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0], count = output.shape.elementCount
        let body = output.elementType == .complex64 ? body(count, Float.self) : body(count, Double.self)
        return CompiledOperator(LoopKernel(map: body), inPlace: context.inPlace(0..<1))
    }

    private func body<Part: ComplexPart>(_ count: Int, _: Part.Type) -> MapBody {
        let function = function
        return { y, x in Loops.map(y, x, count) { (x: Complex<Part>) in Complex<Part>(function.value(at: x.wide)) } }
    }
}

/// A function of two complex numbers with broadcasting.
///
/// - Numerics: as the functions of real numbers of the same names; SquaredDifference is the difference times its conjugate.
/// - Source: TensorFlow operators of the functions' names.
struct ComplexPair: Operator {
    enum Function: String, Sendable, CaseIterable {
        case power = "Pow", squaredDifference = "SquaredDifference"
        case divideOrZero = "DivNoNan", multiplyOrZero = "MulNoNan"
        case xdivy = "Xdivy", xlogy = "Xlogy", xlog1py = "Xlog1py"

        func value(_ a: Complex<Double>, _ b: Complex<Double>) -> Complex<Double> {
            switch self {
            case .power: a.raised(to: b)
            case .squaredDifference: (a - b) * (a - b).conjugate
            case .divideOrZero: b.isZero ? .zero : a / b
            case .multiplyOrZero: b.isZero ? .zero : a * b
            case .xdivy: a.isZero ? .zero : a / b
            case .xlogy: a.isZero ? .zero : a * b.logarithm
            case .xlog1py: a.isZero ? .zero : a * b.logarithmOfNext
            }
        }
    }

    let function: Function

    var name: String { function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let first = try inputs.required(0, of: ElementTypes.complex)
        try inputs.checkSameType(1, as: 0)
        return [ValueFact(first.elementType, try Broadcasting.resultShape(inputs, 0..<2))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<2) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0]
        let walk = BroadcastWalk(result: output.shape, operands: [try context.input(0).shape, try context.input(1).shape])
        let body = output.elementType == .complex64 ? body(walk, Float.self) : body(walk, Double.self)
        return CompiledOperator(LoopKernel(pair: body), inPlace: context.inPlace(0..<2))
    }

    private func body<Part: ComplexPart>(_ walk: BroadcastWalk, _: Part.Type) -> PairBody {
        let function = function
        return { y, a, b in
            Loops.pair(walk, y, a, b) { (a: Complex<Part>, b: Complex<Part>) in Complex<Part>(function.value(a.wide, b.wide)) }
        }
    }
}
