import GraphIR
import Tensors

/// A number as it lies in a tensor, with plain arithmetic as TensorFlow's: integers wrap.
protocol ArithmeticElement: BitwiseCopyable, Sendable {
    static var none: Self { get }
    static var one: Self { get }
    func sum(with other: Self) -> Self
    func product(with other: Self) -> Self
    /// nil where an integer is divided by 0.
    func quotient(by other: Self) -> Self?
    /// Whether this number is the smaller one; never for NaN and complex numbers.
    func isLess(than other: Self) -> Bool
    /// How far from 0 the number is; integers by their own magnitude.
    var magnitudeAsDouble: Double { get }
    var conjugate: Self { get }
}

extension ArithmeticElement {
    var conjugate: Self { self }
}

extension ArithmeticElement where Self: FixedWidthInteger {
    static var none: Self { 0 }
    static var one: Self { 1 }
    @inline(__always) func sum(with other: Self) -> Self { self &+ other }
    @inline(__always) func product(with other: Self) -> Self { self &* other }
    @inline(__always) func quotient(by other: Self) -> Self? { other == 0 ? nil : dividedReportingOverflow(by: other).partialValue }
    @inline(__always) func isLess(than other: Self) -> Bool { self < other }
    var magnitudeAsDouble: Double { Double(magnitude) }
}

extension ArithmeticElement where Self: BinaryFloatingPoint {
    static var none: Self { 0 }
    static var one: Self { 1 }
    @inline(__always) func sum(with other: Self) -> Self { self + other }
    @inline(__always) func product(with other: Self) -> Self { self * other }
    @inline(__always) func quotient(by other: Self) -> Self? { self / other }
    @inline(__always) func isLess(than other: Self) -> Bool { self < other }
    var magnitudeAsDouble: Double { Double(magnitude) }
}

extension Int8: ArithmeticElement {}
extension Int16: ArithmeticElement {}
extension Int32: ArithmeticElement {}
extension Int64: ArithmeticElement {}
extension UInt8: ArithmeticElement {}
extension UInt16: ArithmeticElement {}
extension UInt32: ArithmeticElement {}
extension UInt64: ArithmeticElement {}
extension Float: ArithmeticElement {}
extension Double: ArithmeticElement {}

extension Binary16Element: ArithmeticElement {
    static var none: Self { Self(rounding: 0) }
    static var one: Self { Self(rounding: 1) }
    func sum(with other: Self) -> Self { Self(rounding: wide + other.wide) }
    func product(with other: Self) -> Self { Self(rounding: wide * other.wide) }
    func quotient(by other: Self) -> Self? { Self(rounding: wide / other.wide) }
    func isLess(than other: Self) -> Bool { wide < other.wide }
    var magnitudeAsDouble: Double { Double(abs(wide)) }
}

extension BFloat16Element: ArithmeticElement {
    static var none: Self { Self(rounding: 0) }
    static var one: Self { Self(rounding: 1) }
    func sum(with other: Self) -> Self { Self(rounding: wide + other.wide) }
    func product(with other: Self) -> Self { Self(rounding: wide * other.wide) }
    func quotient(by other: Self) -> Self? { Self(rounding: wide / other.wide) }
    func isLess(than other: Self) -> Bool { wide < other.wide }
    var magnitudeAsDouble: Double { Double(abs(wide)) }
}

extension Complex: ArithmeticElement {
    static var none: Self { zero }
    func sum(with other: Self) -> Self { self + other }
    func product(with other: Self) -> Self { self * other }
    func quotient(by other: Self) -> Self? {
        let norm = other.real * other.real + other.imaginary * other.imaginary
        return Self(
            (real * other.real + imaginary * other.imaginary) / norm, (imaginary * other.real - real * other.imaginary) / norm)
    }
    func isLess(than other: Self) -> Bool { false }
    var magnitudeAsDouble: Double {
        let a = Double(real), b = Double(imaginary)
        return (a * a + b * b).squareRoot()
    }
}

/// Code that is generic over the element's Swift type; called once a run, never once an element.
protocol ArithmeticVisitor {
    associatedtype Result
    func visit<Element: ArithmeticElement>(_: Element.Type) throws(OperatorError) -> Result
}

extension ElementType {
    /// Calls the visitor with the Swift type of this element type.
    func dispatchArithmetic<Visitor: ArithmeticVisitor>(_ visitor: Visitor) throws(OperatorError) -> Visitor.Result {
        switch self {
        case .float32: try visitor.visit(Float.self)
        case .float64: try visitor.visit(Double.self)
        case .float16: try visitor.visit(Binary16Element.self)
        case .bfloat16: try visitor.visit(BFloat16Element.self)
        case .int8: try visitor.visit(Int8.self)
        case .int16: try visitor.visit(Int16.self)
        case .int32: try visitor.visit(Int32.self)
        case .int64: try visitor.visit(Int64.self)
        case .uint8: try visitor.visit(UInt8.self)
        case .uint16: try visitor.visit(UInt16.self)
        case .uint32: try visitor.visit(UInt32.self)
        case .uint64: try visitor.visit(UInt64.self)
        case .complex64: try visitor.visit(Complex<Float>.self)
        case .complex128: try visitor.visit(Complex<Double>.self)
        case .bool: throw .unsupported("arithmetic on bools")
        case .string: throw .unsupported("arithmetic on strings")
        default: throw .unsupported("arithmetic on \(self)")
        }
    }
}
