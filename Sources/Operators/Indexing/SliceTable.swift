import GraphIR
import Tensors

/// A tensor of numbers or strings whose slices along an axis are compared and chosen.
struct SliceSource {
    private let value: ValueView
    let shape: Shape
    private let elementType: ElementType

    init(_ value: ValueView) throws(OperatorError) {
        self.value = value
        switch value {
        case .dense(let view):
            shape = view.shape
            elementType = view.elementType
        case .object(.strings(let tensor)):
            shape = tensor.shape
            elementType = .string
        case .object(let other): throw .invalidValue("has \(other.kind) where a tensor was expected")
        }
    }

    var elementByteCount: Int { max(elementType.byteCount, MemoryLayout<[UInt8]>.size) }

    /// What is equal for equal slices; nil for one that is equal to nothing, since it holds a NaN.
    func key(axis: Int, _ slice: Int) -> SliceTable.Key? {
        let outer = shape.elementCount(in: 0..<axis), inner = shape.elementCount(in: axis + 1..<shape.rank)
        switch value {
        case .dense(let view):
            let width = elementType.byteCount
            if outer * inner == 1, width <= 8 { return number(view.baseAddress + slice * width).map(SliceTable.Key.number) }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(outer * inner * width)
            let partWidth = elementType.isComplex ? width / 2 : width
            for block in 0..<outer {
                let start = view.baseAddress + (block * shape[axis] + slice) * inner * width
                for part in 0..<inner * width / max(partWidth, 1) {
                    guard let bits = number(start + part * partWidth) else { return nil }
                    withUnsafeBytes(of: bits.littleEndian) { bytes += $0.prefix(partWidth) }
                }
            }
            return .bytes(bytes)
        case .object(.strings(let tensor)):
            if outer * inner == 1 { return .bytes(tensor.elements[slice]) }
            var bytes: [UInt8] = []
            for block in 0..<outer {
                for place in 0..<inner {
                    let string = tensor.elements[(block * shape[axis] + slice) * inner + place]
                    withUnsafeBytes(of: string.count.littleEndian) { bytes += $0 }
                    bytes += string
                }
            }
            return .bytes(bytes)
        case .object: return nil
        }
    }

    /// The bits of one number (or of one part of a complex one), equal for equal ones; nil for NaN.
    private func number(_ address: UnsafeRawPointer) -> UInt64? {
        switch elementType {
        case .float32, .complex64:
            let value = address.loadUnaligned(as: Float.self)
            return value.isNaN ? nil : value == 0 ? 0 : UInt64(value.bitPattern)
        case .float64, .complex128:
            let value = address.loadUnaligned(as: Double.self)
            return value.isNaN ? nil : value == 0 ? 0 : value.bitPattern
        case .float16: return half(HalfPrecision.float(fromBinary16: address.loadUnaligned(as: UInt16.self)))
        case .bfloat16: return half(HalfPrecision.float(fromBFloat16: address.loadUnaligned(as: UInt16.self)))
        case .int8, .uint8, .bool: return UInt64(address.loadUnaligned(as: UInt8.self))
        case .int16, .uint16: return UInt64(address.loadUnaligned(as: UInt16.self))
        case .int32, .uint32: return UInt64(address.loadUnaligned(as: UInt32.self))
        case .int64, .uint64: return address.loadUnaligned(as: UInt64.self)
        case .string: return nil
        case let type:
            let code = address.loadUnaligned(as: UInt8.self), value = type.narrow?.value(of: code) ?? .nan
            return value.isNaN ? nil : value == 0 ? 0 : UInt64(code)
        }
    }

    private func half(_ value: Float) -> UInt64? {
        value.isNaN
            ? nil
            : value == 0
                ? 0
                : UInt64(
                    elementType == .bfloat16
                        ? HalfPrecision.bfloat16(from: value) : HalfPrecision.binary16(from: value))
    }

    /// The slices at `positions`, in that order.
    func gathered(_ positions: [Int], axis: Int, _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        let outer = shape.elementCount(in: 0..<axis), inner = shape.elementCount(in: axis + 1..<shape.rank), extent = shape[axis]
        let result = shape.replacing(axis: axis, with: positions.count)
        switch value {
        case .dense(let view):
            let run = inner * elementType.byteCount
            return .tensor(
                try context.makeTensor(TensorSpec(elementType, result)) { bytes in
                    guard var target = bytes.baseAddress else { return }
                    for block in 0..<outer {
                        for position in positions {
                            target.copyMemory(from: view.baseAddress + (block * extent + position) * run, byteCount: run)
                            target += run
                        }
                    }
                })
        case .object(.strings(let tensor)):
            var elements: [[UInt8]] = []
            for block in 0..<outer {
                for position in positions {
                    let start = (block * extent + position) * inner
                    elements += tensor.elements[start..<start + inner]
                }
            }
            return .strings(StringTensor(shape: result, elements: elements))
        case .object(let other): throw .invalidValue("has \(other.kind) where a tensor was expected")
        }
    }
}

/// Slices that were met, by number.
struct SliceTable {
    enum Key: Hashable {
        case number(UInt64)
        case bytes([UInt8])
    }

    private var numbers: [Key: Int] = [:]

    /// The number of an equal slice that was met before, or `next`, which it then has.
    mutating func number(of source: SliceSource, axis: Int, _ slice: Int, next: Int) -> Int {
        guard let key = source.key(axis: axis, slice) else { return next }
        if let known = numbers[key] { return known }
        numbers[key] = next
        return next
    }

    func has(_ source: SliceSource, axis: Int, _ slice: Int) -> Bool {
        source.key(axis: axis, slice).map { numbers[$0] != nil } ?? false
    }
}
