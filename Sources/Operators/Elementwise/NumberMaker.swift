import GraphIR
import Tensors

/// Makes one kind of value (a loop, mostly) for the Swift type behind an element type.
///
/// The calls in `make` name every type, so that the compiler makes a loop of its own for each.
protocol NumberMaker {
    associatedtype Made
    func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) throws(OperatorError) -> Made
    func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) throws(OperatorError) -> Made
}

extension NumberMaker {
    /// - Throws: `.unsupported` for types that are not numbers, for 16-bit floats, which go through float32, and for `NarrowType`s.
    @inline(__always)
    func make(_ type: ElementType, for name: String) throws(OperatorError) -> Made {
        switch type {
        case .float32: try floatingPoint(Float.self)
        case .float64: try floatingPoint(Double.self)
        case .int8: try integer(Int8.self)
        case .int16: try integer(Int16.self)
        case .int32: try integer(Int32.self)
        case .int64: try integer(Int64.self)
        case .uint8: try integer(UInt8.self)
        case .uint16: try integer(UInt16.self)
        case .uint32: try integer(UInt32.self)
        case .uint64: try integer(UInt64.self)
        default: throw .unsupported("\(name) of \(type)")
        }
    }
}

/// The same for unsigned integers and anything else that only moves: a value is its bits.
protocol BitsMaker {
    associatedtype Made
    func bits<Bits: FixedWidthInteger & UnsignedInteger & TensorScalar>(_: Bits.Type) -> Made
}

extension BitsMaker {
    @inline(__always)
    func make(_ type: ElementType, for name: String) throws(OperatorError) -> Made {
        switch type.byteCount {
        case 1: bits(UInt8.self)
        case 2: bits(UInt16.self)
        case 4: bits(UInt32.self)
        case 8: bits(UInt64.self)
        default: throw .unsupported("\(name) of \(type)")
        }
    }
}
