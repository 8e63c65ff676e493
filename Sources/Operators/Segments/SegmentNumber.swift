import GraphIR
import Tensors

/// A number as segments join it; 16-bit floats compute in float32 step by step.
protocol SegmentNumber: ArithmeticElement {
    /// What every number is at least, and at most.
    static var bottom: Self { get }
    static var top: Self { get }
    /// The finite ends of the range.
    static var leastFinite: Self { get }
    static var greatestFinite: Self { get }
    func divided(by divisor: Double) -> Self
}

extension SegmentNumber where Self: FixedWidthInteger {
    static var bottom: Self { min }
    static var top: Self { max }
    static var leastFinite: Self { min }
    static var greatestFinite: Self { max }

    /// The divisors of integers are counts.
    @inline(__always)
    func divided(by divisor: Double) -> Self {
        let count = Self(saturating: divisor)
        return count == 0 ? self : dividedReportingOverflow(by: count).partialValue
    }
}

extension SegmentNumber where Self: BinaryFloatingPoint {
    static var bottom: Self { -infinity }
    static var top: Self { infinity }
    static var leastFinite: Self { -greatestFiniteMagnitude }
    static var greatestFinite: Self { greatestFiniteMagnitude }
    @inline(__always) func divided(by divisor: Double) -> Self { self / Self(divisor) }
}

extension Int8: SegmentNumber {}
extension Int16: SegmentNumber {}
extension Int32: SegmentNumber {}
extension Int64: SegmentNumber {}
extension UInt8: SegmentNumber {}
extension UInt16: SegmentNumber {}
extension UInt32: SegmentNumber {}
extension UInt64: SegmentNumber {}
extension Float: SegmentNumber {}
extension Double: SegmentNumber {}

extension Binary16Element: SegmentNumber {
    static var bottom: Self { Self(rounding: -.infinity) }
    static var top: Self { Self(rounding: .infinity) }
    static var leastFinite: Self { Self(rounding: -65504) }
    static var greatestFinite: Self { Self(rounding: 65504) }
    func divided(by divisor: Double) -> Self { Self(rounding: wide / Float(divisor)) }
}

extension BFloat16Element: SegmentNumber {
    static var bottom: Self { Self(rounding: -.infinity) }
    static var top: Self { Self(rounding: .infinity) }
    static var leastFinite: Self { Self(rounding: Float(bitPattern: 0xFF7F_0000)) }
    static var greatestFinite: Self { Self(rounding: Float(bitPattern: 0x7F7F_0000)) }
    func divided(by divisor: Double) -> Self { Self(rounding: wide / Float(divisor)) }
}

/// Complex numbers have no order; extrema of them are refused before they are asked for.
extension Complex: SegmentNumber {
    static var bottom: Self { .zero }
    static var top: Self { .zero }
    static var leastFinite: Self { .zero }
    static var greatestFinite: Self { .zero }
    func divided(by divisor: Double) -> Self { Self(real / Part(divisor), imaginary / Part(divisor)) }
}

/// Code that is generic over the numbers of segments.
protocol SegmentVisitor {
    associatedtype Result
    func visit<Element: SegmentNumber>(_: Element.Type) throws(OperatorError) -> Result
}

extension ElementType {
    func dispatchSegments<Visitor: SegmentVisitor>(_ visitor: Visitor) throws(OperatorError) -> Visitor.Result {
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
        default: throw .unsupported("segments of \(self)")
        }
    }
}
