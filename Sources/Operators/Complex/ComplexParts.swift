import GraphIR
import Tensors

/// A complex number from its two parts, with broadcasting.
///
/// - Types: float32 → complex64, float64 → complex128.
/// - Source: TensorFlow Complex.
struct ComplexFromParts: Operator {
    var name: String { "Complex" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let real = try inputs.required(0, of: [.float32, .float64])
        try inputs.checkSameType(1, as: 0)
        return [ValueFact(real.elementType == .float32 ? .complex64 : .complex128, try Broadcasting.resultShape(inputs, 0..<2))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<2) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0]
        let walk = BroadcastWalk(result: output.shape, operands: [try context.input(0).shape, try context.input(1).shape])
        let body = output.elementType == .complex64 ? body(walk, Float.self) : body(walk, Double.self)
        return CompiledOperator(LoopKernel(pair: body))
    }

    private func body<Part: ComplexPart>(_ walk: BroadcastWalk, _: Part.Type) -> PairBody {
        { y, a, b in Loops.pair(walk, y, a, b) { (a: Part, b: Part) in Complex<Part>(a, b) } }
    }
}

/// One real number of each complex one.
///
/// - Types: complex64 → float32, complex128 → float64.
/// - Source: TensorFlow Real, Imag, ComplexAbs, Angle.
struct PartOfComplex: Operator {
    enum Function: String, Sendable, CaseIterable {
        case real = "Real", imaginary = "Imag", magnitude = "ComplexAbs", angle = "Angle"

        func value(of z: Complex<Double>) -> Double {
            switch self {
            case .real: z.real
            case .imaginary: z.imaginary
            case .magnitude: z.magnitude
            case .angle: z.angle
            }
        }
    }

    let function: Function

    var name: String { function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.required(0, of: ElementTypes.complex)
        return [ValueFact(data.elementType == .complex64 ? .float32 : .float64, data.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0], count = output.shape.elementCount
        return CompiledOperator(LoopKernel(map: output.elementType == .float32 ? body(count, Float.self) : body(count, Double.self)))
    }

    private func body<Part: ComplexPart>(_ count: Int, _: Part.Type) -> MapBody {
        let function = function
        return { y, x in Loops.map(y, x, count) { (x: Complex<Part>) in Part(function.value(of: x.wide)) } }
    }
}
