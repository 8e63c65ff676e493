import GraphIR
import Tensors

/// Scales and zero points of linear quantization: real = (integer − zero point) · scale.
enum LinearTypes {
    static let eightBits: Set<ElementType> = [.int8, .uint8]
    static let data: Set<ElementType> = [.int8, .uint8, .int16, .uint16]
    static let scales: Set<ElementType> = [.float32, .float16, .bfloat16]
    /// What QuantizeLinear gives and DequantizeLinear takes, beside int32.
    static let quantized = data.union(ElementTypes.eightBitFloats).union([.float4e2m1, .int4, .uint4, .int2, .uint2])
}

/// A real number, already divided by its scale, as the nearest integer (of two the even one) after a zero point, limited to a type.
struct LinearRounding {
    private let lowest: Float
    private let highest: Float
    private let zero: Int32

    /// - Precondition: the type has at most 16 bits.
    @inline(__always)
    init<Integer: FixedWidthInteger>(_: Integer.Type, zero: Int32) {
        self.zero = zero
        lowest = Float(Int32(truncatingIfNeeded: Integer.min) &- zero)
        highest = Float(Int32(truncatingIfNeeded: Integer.max) &- zero)
    }

    /// For integers of a range within int16 or uint16.
    @inline(__always)
    init(_ range: ClosedRange<Int>, zero: Int32) {
        self.zero = zero
        lowest = Float(Int32(truncatingIfNeeded: range.lowerBound) &- zero)
        highest = Float(Int32(truncatingIfNeeded: range.upperBound) &- zero)
    }

    /// For int8 and uint8.
    @inline(__always)
    init(isSigned: Bool, zero: Int32) {
        self.zero = zero
        lowest = Float((isSigned ? -128 : 0) &- zero)
        highest = Float((isSigned ? 127 : 255) &- zero)
    }

    /// NaN becomes the lowest integer.
    ///
    /// Between the limits a float32 plus 3 · 2²² has its units in its last bit, so that the addition rounds.
    @inline(__always)
    func integer(_ value: Float) -> Int32 {
        let raised = value >= lowest ? value : lowest
        let limited = raised <= highest ? raised : highest
        return Int32(bitPattern: (limited + 12_582_912).bitPattern) &- 0x4B40_0000 &+ zero
    }
}

/// 8-bit integers in memory; none of them stands for as many zeros.
struct SmallIntegers {
    private let address: UnsafeRawPointer?
    private let isSigned: Bool

    @inline(__always)
    init(_ address: UnsafeRawPointer?, isSigned: Bool) {
        self.address = address
        self.isSigned = isSigned
    }

    @inline(__always)
    subscript(place: Int) -> Int32 {
        guard let address else { return 0 }
        let byte = address.load(fromByteOffset: place, as: UInt8.self)
        return isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte)
    }
}

/// Scales in memory.
struct ScaleValues {
    private let address: UnsafeRawPointer
    private let type: ElementType

    @inline(__always)
    init(_ address: UnsafeRawPointer, _ type: ElementType) {
        self.address = address
        self.type = type
    }

    @inline(__always)
    subscript(place: Int) -> Float {
        switch type {
        case .float16: HalfPrecision.float(fromBinary16: address.assumingMemoryBound(to: UInt16.self)[place])
        case .bfloat16: HalfPrecision.float(fromBFloat16: address.assumingMemoryBound(to: UInt16.self)[place])
        default: address.assumingMemoryBound(to: Float.self)[place]
        }
    }
}

extension OperatorInputs {
    /// Refuses input `index` unless it is one number of one of `types`; it may be absent when it is optional.
    func checkOneNumber(_ index: Int, of types: Set<ElementType>, isOptional: Bool = false) throws(OperatorError) {
        if isOptional, self[index] == nil { return }
        let fact = try required(index, of: types)
        if let shape = fact.shape, let count = shape.concrete?.elementCount, count != 1 || shape.rank > 1 {
            throw .invalidInput(index: index, reason: "has shape \(shape), expected one number")
        }
    }

    /// The same of a scale and a zero point of one tensor.
    func checkOneQuantization(
        scale: Int, zero: Int, type: ElementType, zeroIsOptional: Bool = true
    ) throws(OperatorError) {
        try checkOneNumber(scale, of: [.float32])
        try checkOneNumber(zero, of: [type], isOptional: zeroIsOptional)
    }

    /// Refuses input `index` unless it is one number or one for each of `count`, and of one of `types`.
    func checkNumbers(_ index: Int, of types: Set<ElementType>, count: Dimension) throws(OperatorError) {
        guard let shape = try required(index, of: types).shape else { return }
        if shape.rank == 0 || shape.rank == 1 && shape[0].value == 1 { return }
        guard shape.rank == 1, Dimension.unified(shape[0], count) != nil else {
            throw .invalidInput(index: index, reason: "has shape \(shape), expected one number, or \(count) in a vector")
        }
    }
}

extension KernelContext {
    /// The integer that input `index`, of type int8 or uint8, holds; 0 when there is no such input.
    @inline(__always)
    func smallInteger(_ index: Int?, isSigned: Bool) -> Int32 { SmallIntegers(index.map { input($0) }, isSigned: isSigned)[0] }
}

extension CompileContext {
    /// The index itself when the input is there.
    func present(_ index: Int) -> Int? { has(index) ? index : nil }
}
