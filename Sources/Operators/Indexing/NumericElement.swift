import GraphIR
import Tensors

/// A number as it lies in a tensor, with what selecting and combining kernels need.
///
/// The order is total: NaN stands above every number, as in the sorting of array libraries.
protocol NumericElement: BitwiseCopyable, Sendable {
    func isBelow(_ other: Self) -> Bool
    func plus(_ other: Self) -> Self
    func minus(_ other: Self) -> Self
    func times(_ other: Self) -> Self
    var isNaNElement: Bool { get }
    /// The number cut towards zero; nil for NaN and for what no `Int` holds.
    var asInteger: Int? { get }
    /// Integers beyond 2^53 are rounded.
    var asDouble: Double { get }
    var asFloat: Float { get }
}

extension NumericElement where Self: FixedWidthInteger {
    @inline(__always) func isBelow(_ other: Self) -> Bool { self < other }
    @inline(__always) func plus(_ other: Self) -> Self { self &+ other }
    @inline(__always) func minus(_ other: Self) -> Self { self &- other }
    @inline(__always) func times(_ other: Self) -> Self { self &* other }
    @inline(__always) var isNaNElement: Bool { false }
    @inline(__always) var asInteger: Int? { Int(exactly: self) }
    @inline(__always) var asDouble: Double { Double(self) }
    @inline(__always) var asFloat: Float { Float(self) }
}

extension NumericElement where Self: BinaryFloatingPoint {
    @inline(__always) func isBelow(_ other: Self) -> Bool { self < other || !isNaN && other.isNaN }
    @inline(__always) func plus(_ other: Self) -> Self { self + other }
    @inline(__always) func minus(_ other: Self) -> Self { self - other }
    @inline(__always) func times(_ other: Self) -> Self { self * other }
    @inline(__always) var isNaNElement: Bool { isNaN }
    @inline(__always) var asInteger: Int? { Int(exactly: rounded(.towardZero)) }
    @inline(__always) var asDouble: Double { Double(self) }
    @inline(__always) var asFloat: Float { Float(self) }
}

extension Int8: NumericElement {}
extension Int16: NumericElement {}
extension Int32: NumericElement {}
extension Int64: NumericElement {}
extension UInt8: NumericElement {}
extension UInt16: NumericElement {}
extension UInt32: NumericElement {}
extension UInt64: NumericElement {}
extension Float: NumericElement {}
extension Double: NumericElement {}

/// A 16-bit float that computes in binary32.
protocol HalfElement: NumericElement {
    var wide: Float { get }
    init(rounding value: Float)
}

extension HalfElement {
    @inline(__always) func isBelow(_ other: Self) -> Bool { wide.isBelow(other.wide) }
    @inline(__always) func plus(_ other: Self) -> Self { Self(rounding: wide + other.wide) }
    @inline(__always) func minus(_ other: Self) -> Self { Self(rounding: wide - other.wide) }
    @inline(__always) func times(_ other: Self) -> Self { Self(rounding: wide * other.wide) }
    @inline(__always) var isNaNElement: Bool { wide.isNaN }
    @inline(__always) var asInteger: Int? { wide.asInteger }
    @inline(__always) var asDouble: Double { Double(wide) }
    @inline(__always) var asFloat: Float { wide }
}

/// IEEE 754 binary16.
struct Binary16Element: HalfElement {
    let bits: UInt16
    var wide: Float { HalfPrecision.float(fromBinary16: bits) }
    init(rounding value: Float) { bits = HalfPrecision.binary16(from: value) }
}

/// The upper half of a binary32.
struct BFloat16Element: HalfElement {
    let bits: UInt16
    var wide: Float { HalfPrecision.float(fromBFloat16: bits) }
    init(rounding value: Float) { bits = HalfPrecision.bfloat16(from: value) }
}

/// Code that is generic over the element's Swift type; called once a kernel run, never once an element.
protocol NumericVisitor {
    associatedtype Result
    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> Result
}

extension ElementType {
    /// Calls the visitor with the Swift type of this element type; a bool counts as its byte.
    @inline(__always)
    func dispatch<Visitor: NumericVisitor>(_ visitor: Visitor) throws(OperatorError) -> Visitor.Result {
        switch self {
        case .float32: try visitor.visit(Float.self)
        case .float64: try visitor.visit(Double.self)
        case .float16: try visitor.visit(Binary16Element.self)
        case .bfloat16: try visitor.visit(BFloat16Element.self)
        case .int8: try visitor.visit(Int8.self)
        case .int16: try visitor.visit(Int16.self)
        case .int32: try visitor.visit(Int32.self)
        case .int64: try visitor.visit(Int64.self)
        case .uint8, .bool: try visitor.visit(UInt8.self)
        case .uint16: try visitor.visit(UInt16.self)
        case .uint32: try visitor.visit(UInt32.self)
        case .uint64: try visitor.visit(UInt64.self)
        case .complex64, .complex128: throw .unsupported("a tensor of complex numbers")
        case .string: throw .unsupported("a tensor of strings")
        default: throw .unsupported("a tensor of \(self)")
        }
    }
}
