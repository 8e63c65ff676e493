import GraphIR
import Tensors

/// How an update meets what a variable holds.
enum VariableUpdate: Sendable {
    case assign, add, subtract, multiply, divide, minimum, maximum

    /// Applies the update to `count` elements at `target`.
    ///
    /// - Parameter step: elements between neighbours of `source`: 0 for a single number.
    func apply(
        _ type: ElementType, to target: UnsafeMutableRawPointer, from source: UnsafeRawPointer, count: Int, step: Int = 1
    ) throws(OperatorError) {
        if self == .assign {
            let width = type.byteCount
            if step == 1 {
                target.copyMemory(from: source, byteCount: count * width)
            } else {
                for place in 0..<count { (target + place * width).copyMemory(from: source, byteCount: width) }
            }
            return
        }
        switch type {
        case .float32: try floats(Float.self, target, source, count, step)
        case .float64: try floats(Double.self, target, source, count, step)
        case .float16: try halves(HalfPrecision.float(fromBinary16:), HalfPrecision.binary16(from:), target, source, count, step)
        case .bfloat16: try halves(HalfPrecision.float(fromBFloat16:), HalfPrecision.bfloat16(from:), target, source, count, step)
        case .int8: try integers(Int8.self, target, source, count, step)
        case .int16: try integers(Int16.self, target, source, count, step)
        case .int32: try integers(Int32.self, target, source, count, step)
        case .int64: try integers(Int64.self, target, source, count, step)
        case .uint8: try integers(UInt8.self, target, source, count, step)
        case .uint16: try integers(UInt16.self, target, source, count, step)
        case .uint32: try integers(UInt32.self, target, source, count, step)
        case .uint64: try integers(UInt64.self, target, source, count, step)
        case .complex64 where isSum && step == 1: try floats(Float.self, target, source, count * 2, 1)
        case .complex128 where isSum && step == 1: try floats(Double.self, target, source, count * 2, 1)
        default: throw .unsupported("computing with a variable of \(type)")
        }
    }

    private var isSum: Bool { self == .add || self == .subtract }

    private func floats<Scalar: BinaryFloatingPoint>(
        _: Scalar.Type, _ target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ count: Int, _ step: Int
    ) throws(OperatorError) {
        let target = target.assumingMemoryBound(to: Scalar.self), source = source.assumingMemoryBound(to: Scalar.self)
        for place in 0..<count { target[place] = number(target[place], source[place * step]) }
    }

    private func halves(
        _ wide: (UInt16) -> Float, _ narrow: (Float) -> UInt16, _ target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer,
        _ count: Int, _ step: Int
    ) throws(OperatorError) {
        let target = target.assumingMemoryBound(to: UInt16.self), source = source.assumingMemoryBound(to: UInt16.self)
        for place in 0..<count { target[place] = narrow(number(wide(target[place]), wide(source[place * step]))) }
    }

    @inline(__always)
    private func number<Scalar: BinaryFloatingPoint>(_ old: Scalar, _ update: Scalar) -> Scalar {
        switch self {
        case .assign: update
        case .add: old + update
        case .subtract: old - update
        case .multiply: old * update
        case .divide: old / update
        case .minimum: update < old ? update : old
        case .maximum: update > old ? update : old
        }
    }

    private func integers<Scalar: FixedWidthInteger>(
        _: Scalar.Type, _ target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ count: Int, _ step: Int
    ) throws(OperatorError) {
        let target = target.assumingMemoryBound(to: Scalar.self), source = source.assumingMemoryBound(to: Scalar.self)
        for place in 0..<count {
            let old = target[place], update = source[place * step]
            switch self {
            case .assign: target[place] = update
            case .add: target[place] = old &+ update
            case .subtract: target[place] = old &- update
            case .multiply: target[place] = old &* update
            case .divide:
                guard update != 0 else { throw .invalidValue("divides a variable's integer by 0") }
                target[place] = old.dividedReportingOverflow(by: update).partialValue
            case .minimum: target[place] = min(old, update)
            case .maximum: target[place] = max(old, update)
            }
        }
    }
}

extension EvaluationContext {
    /// A copy of `tensor` that `change` may write to.
    func changed(
        _ tensor: Tensor, _ change: (UnsafeMutableRawPointer) throws(OperatorError) -> Void
    ) throws(OperatorError) -> Tensor {
        let copy = try makeTensor(tensor.spec) { bytes in tensor.withBytes { bytes.copyMemory(from: $0) } }
        try change(copy.storage.baseAddress)
        return copy
    }
}
