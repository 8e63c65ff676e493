import GraphIR
import Tensors

/// Conversions to and from complex types: of a complex number the real part counts, to bool whether it is not 0.
enum ComplexCast {
    /// Between types of which at least one is complex and neither a 16-bit float nor a string.
    static func body(from source: ElementType, to target: ElementType, count: Int) throws(OperatorError) -> MapBody {
        switch source {
        case .complex64: return try fromComplex(target, count, Float.self)
        case .complex128: return try fromComplex(target, count, Double.self)
        case .bool: return toComplex(target, count) { (x: UInt8) in x == 0 ? 0 : 1 }
        default: return try FromNumber(target: target, count: count).make(source, for: "a cast to \(target)")
        }
    }

    private static func fromComplex<Part: ComplexPart>(
        _ target: ElementType, _ count: Int, _: Part.Type
    ) throws(OperatorError) -> MapBody {
        switch target {
        case .complex64: return { y, x in Loops.map(y, x, count) { (x: Complex<Part>) in Complex<Float>(x.wide) } }
        case .complex128: return { y, x in Loops.map(y, x, count) { (x: Complex<Part>) in x.wide } }
        case .bool: return { y, x in Loops.map(y, x, count) { (x: Complex<Part>) in !x.isZero } }
        default: return try ToNumber<Part>(count: count).make(target, for: "a cast of complex numbers")
        }
    }

    fileprivate static func toComplex<Source>(
        _ target: ElementType, _ count: Int, _ widen: @escaping @Sendable (Source) -> Double
    ) -> MapBody {
        if target == .complex64 {
            return { y, x in Loops.map(y, x, count) { (x: Source) in Complex<Float>(Float(widen(x))) } }
        }
        return { y, x in Loops.map(y, x, count) { (x: Source) in Complex<Double>(widen(x)) } }
    }
}

private struct FromNumber: NumberMaker {
    let target: ElementType
    let count: Int

    func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> MapBody {
        ComplexCast.toComplex(target, count) { (x: Scalar) in Double(x) }
    }

    func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> MapBody {
        ComplexCast.toComplex(target, count) { (x: Scalar) in Double(x) }
    }
}

private struct ToNumber<Part: ComplexPart>: NumberMaker {
    let count: Int

    func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> MapBody {
        let count = count
        return { y, x in Loops.map(y, x, count) { (x: Complex<Part>) in Scalar(cutting: Double(x.real)) } }
    }

    func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> MapBody {
        let count = count
        return { y, x in Loops.map(y, x, count) { (x: Complex<Part>) in Scalar(x.real) } }
    }
}
