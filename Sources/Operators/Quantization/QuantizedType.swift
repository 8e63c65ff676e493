import GraphIR
import Tensors

/// An integer type whose values stand for real numbers.
struct QuantizedType: Sendable {
    let element: ElementType

    static let all: Set<ElementType> = [.int8, .uint8, .int16, .uint16, .int32]

    private var bits: Int64 { Int64(element.byteCount * 8) }
    var isSigned: Bool { element.isSigned }
    var lowest: Int64 { isSigned ? -(1 << (bits - 1)) : 0 }
    var highest: Int64 { isSigned ? (1 << (bits - 1)) - 1 : (1 << bits) - 1 }
    /// How many values there are.
    var stepCount: Int64 { 1 << bits }

    /// `value` as the type holds it, which must lie in its range.
    func clamped(_ value: Int64) -> Int64 { min(max(value, lowest), highest) }
}

/// The elements of a quantized tensor, one by one.
struct QuantizedElements {
    private let address: UnsafeMutableRawPointer
    private let type: ElementType

    init(_ address: UnsafeMutableRawPointer, _ type: ElementType) {
        self.address = address
        self.type = type
    }

    init(reading address: UnsafeRawPointer, _ type: ElementType) {
        self.init(UnsafeMutableRawPointer(mutating: address), type)
    }

    @inline(__always)
    subscript(place: Int) -> Int64 {
        get {
            switch type {
            case .int8: Int64(address.assumingMemoryBound(to: Int8.self)[place])
            case .uint8: Int64(address.assumingMemoryBound(to: UInt8.self)[place])
            case .int16: Int64(address.assumingMemoryBound(to: Int16.self)[place])
            case .uint16: Int64(address.assumingMemoryBound(to: UInt16.self)[place])
            default: Int64(address.assumingMemoryBound(to: Int32.self)[place])
            }
        }
        nonmutating set {
            switch type {
            case .int8, .uint8: address.assumingMemoryBound(to: UInt8.self)[place] = UInt8(truncatingIfNeeded: newValue)
            case .int16, .uint16: address.assumingMemoryBound(to: UInt16.self)[place] = UInt16(truncatingIfNeeded: newValue)
            default: address.assumingMemoryBound(to: Int32.self)[place] = Int32(truncatingIfNeeded: newValue)
            }
        }
    }
}
