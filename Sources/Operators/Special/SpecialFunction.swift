import GraphIR
import Tensors

/// A special function of each number by itself, computed in float64.
///
/// - Types: floating point.
/// - Source: TensorFlow operators of the functions' names.
struct SpecialFunction: Operator {
    enum Function: String, Sendable, CaseIterable {
        case besselI0 = "BesselI0", besselI0e = "BesselI0e", besselI1 = "BesselI1", besselI1e = "BesselI1e"
        case besselJ0 = "BesselJ0", besselJ1 = "BesselJ1", besselY0 = "BesselY0", besselY1 = "BesselY1"
        case besselK0 = "BesselK0", besselK0e = "BesselK0e", besselK1 = "BesselK1", besselK1e = "BesselK1e"
        case digamma = "Digamma", erfinv = "Erfinv", ndtri = "Ndtri", dawson = "Dawsn"
        case expint = "Expint", spence = "Spence", fresnelSine = "FresnelSin", fresnelCosine = "FresnelCos"

        func value(at x: Double) -> Double {
            switch self {
            case .besselI0: Bessel.i(0, x)
            case .besselI0e: Bessel.scaledI(0, x)
            case .besselI1: Bessel.i(1, x)
            case .besselI1e: Bessel.scaledI(1, x)
            case .besselJ0: Bessel.j(0, x)
            case .besselJ1: Bessel.j(1, x)
            case .besselY0: Bessel.y(0, x)
            case .besselY1: Bessel.y(1, x)
            case .besselK0: Bessel.k(0, x)
            case .besselK0e: Bessel.scaledK(0, x)
            case .besselK1: Bessel.k(1, x)
            case .besselK1e: Bessel.scaledK(1, x)
            case .digamma: GammaFunctions.digamma(x)
            case .erfinv: ErrorFunctions.erfinv(x)
            case .ndtri: ErrorFunctions.ndtri(x)
            case .dawson: ErrorFunctions.dawson(x)
            case .expint: IntegralFunctions.exponentialIntegral(x)
            case .spence: IntegralFunctions.spence(x)
            case .fresnelSine: ErrorFunctions.fresnel(x).sine
            case .fresnelCosine: ErrorFunctions.fresnel(x).cosine
            }
        }
    }

    let function: Function

    var name: String { function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.required(0, of: ElementTypes.floatingPoint).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let output = context.outputs[0], count = output.shape.elementCount
            let body = output.elementType == .float64 ? body(count, Double.self) : body(count, Float.self)
            return CompiledOperator(LoopKernel(map: body), inPlace: context.inPlace(0..<1))
        }
    }

    private func body<Scalar: FloatingScalar>(_ count: Int, _: Scalar.Type) -> MapBody {
        let function = function
        return { y, x in Loops.map(y, x, count) { (x: Scalar) in Scalar(function.value(at: Double(x))) } }
    }
}

/// A special function of two or three numbers with broadcasting, computed in float64.
///
/// - Types: floating point, all of one type.
/// - Source: TensorFlow Igamma, Igammac, Zeta, Polygamma, Betainc.
struct SpecialCombination: Operator {
    enum Function: String, Sendable, CaseIterable {
        case igamma = "Igamma", igammac = "Igammac", zeta = "Zeta", polygamma = "Polygamma"
        /// Of three numbers.
        case betainc = "Betainc"

        func value(_ a: Double, _ b: Double, _ c: Double) -> Double {
            switch self {
            case .igamma: IncompleteFunctions.igamma(a, b)
            case .igammac: IncompleteFunctions.igammac(a, b)
            case .zeta: GammaFunctions.zeta(a, b)
            case .polygamma: GammaFunctions.polygamma(a, b)
            case .betainc: IncompleteFunctions.betainc(a, b, c)
            }
        }
    }

    let function: Function

    var name: String { function.rawValue }
    private var count: Int { function == .betainc ? 3 : 2 }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(count...count)
        let first = try inputs.required(0, of: ElementTypes.floatingPoint)
        for index in 1..<count { try inputs.checkSameType(index, as: 0) }
        return [ValueFact(first.elementType, try Broadcasting.resultShape(inputs, 0..<count))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<count) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            var shapes: [Shape] = []
            for index in 0..<count { shapes.append(try context.input(index).shape) }
            let walk = BroadcastWalk(result: context.outputs[0].shape, operands: shapes)
            return CompiledOperator(
                context.outputs[0].elementType == .float64 ? kernel(walk, Double.self) : kernel(walk, Float.self))
        }
    }

    private func kernel<Scalar: FloatingScalar>(_ walk: BroadcastWalk, _: Scalar.Type) -> LoopKernel {
        let function = function, last = count - 1
        return LoopKernel { context in
            let a = context.input(0, as: Scalar.self), b = context.input(1, as: Scalar.self)
            let c = context.input(last, as: Scalar.self), third = last == 2 ? 1 : 0
            var y = context.output(0, as: Scalar.self)
            let rows = walk.rows, columns = walk.columns
            walk.forEachBlock { first, second, other in
                for row in 0..<rows.extent {
                    for column in 0..<columns.extent {
                        y.pointee = Scalar(
                            function.value(
                                Double(a[first + row * rows.steps.0 + column * columns.steps.0]),
                                Double(b[second + row * rows.steps.1 + column * columns.steps.1]),
                                Double(c[third * (other + row * rows.steps.2 + column * columns.steps.2)])))
                        y += 1
                    }
                }
            }
        }
    }
}
