import Tensors

/// An element as something that can be looked up: equal keys are equal elements.
enum ElementKey: Hashable, Comparable {
    /// Numbers by value; floats by their bits, −0 as 0.
    case number(Int64)
    case text([UInt8])

    static func < (left: ElementKey, right: ElementKey) -> Bool {
        switch (left, right) {
        case (.number(let a), .number(let b)): a < b
        case (.text(let a), .text(let b)): a.lexicographicallyPrecedes(b)
        case (.number, .text): true
        case (.text, .number): false
        }
    }
}

extension ElementList {
    /// The element at `position`, which lies inside.
    func key(_ position: Int) -> ElementKey {
        switch self {
        case .strings(let tensor): .text(tensor.elements[position])
        case .dense(let view): .number(view.keyNumber(position))
        }
    }
}

extension TensorView {
    /// The number by which the element at `position`, which lies inside, is found: integers are their own.
    @inline(__always)
    func keyNumber(_ position: Int) -> Int64 {
        let start = baseAddress
        switch elementType {
        case .int64: return start.load(fromByteOffset: position * 8, as: Int64.self)
        case .int32: return Int64(start.load(fromByteOffset: position * 4, as: Int32.self))
        case .uint64: return Int64(bitPattern: start.load(fromByteOffset: position * 8, as: UInt64.self))
        case .uint32: return Int64(start.load(fromByteOffset: position * 4, as: UInt32.self))
        case .int16: return Int64(start.load(fromByteOffset: position * 2, as: Int16.self))
        case .uint16: return Int64(start.load(fromByteOffset: position * 2, as: UInt16.self))
        case .int8: return Int64(start.load(fromByteOffset: position, as: Int8.self))
        case .uint8, .bool: return Int64(start.load(fromByteOffset: position, as: UInt8.self))
        case .float32:
            let value = start.load(fromByteOffset: position * 4, as: Float.self)
            return value == 0 ? 0 : Int64(value.bitPattern)
        case .float64:
            let value = start.load(fromByteOffset: position * 8, as: Double.self)
            return value == 0 ? 0 : Int64(bitPattern: value.bitPattern)
        case .float16, .bfloat16:
            let bits = start.load(fromByteOffset: position * 2, as: UInt16.self)
            return bits & 0x7FFF == 0 ? 0 : Int64(bits)
        case .complex64: return Int64(bitPattern: start.loadUnaligned(fromByteOffset: position * 8, as: UInt64.self))
        case .complex128, .string: return 0
        default:
            let code = start.load(fromByteOffset: position, as: UInt8.self)
            return elementType.narrow?.value(of: code) == 0 ? 0 : Int64(code)
        }
    }
}
