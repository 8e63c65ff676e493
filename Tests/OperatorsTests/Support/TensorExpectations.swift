import Tensors
import Testing

extension Tensor {
    /// The elements as `Double`: narrow floats widened, a bool as 0 or 1, wide integers rounded.
    var numbers: [Double] {
        switch elementType {
        case .float32: values(Float.self).map(Double.init)
        case .float64: values(Double.self)
        case .float16: bits.map { Double(HalfPrecision.float(fromBinary16: $0)) }
        case .bfloat16: bits.map { Double(HalfPrecision.float(fromBFloat16: $0)) }
        case .bool: values(Bool.self).map { $0 ? 1 : 0 }
        case .uint64: values(UInt64.self).map { Double($0) }
        case let type where type.narrow != nil:
            withBytes { bytes in bytes.map { code in Double(type.narrow?.value(of: code) ?? .nan) } }
        default: (integers ?? []).map(Double.init)
        }
    }

    /// The elements of a 16-bit float tensor as they lie.
    private var bits: [UInt16] {
        withBytes { bytes in (0..<elementCount).map { bytes.load(fromByteOffset: 2 * $0, as: UInt16.self) } }
    }

    /// A tensor of any number type from values that it can hold; floats are rounded.
    init(_ values: [Double], _ type: ElementType, _ shape: Shape) {
        precondition(values.count == shape.elementCount)
        do {
            try self.init(TensorSpec(type, shape)) { bytes in
                for (index, value) in values.enumerated() {
                    func put<Scalar: BitwiseCopyable>(_ scalar: Scalar) {
                        bytes.storeBytes(of: scalar, toByteOffset: index * type.byteCount, as: Scalar.self)
                    }
                    switch type {
                    case .float32: put(Float(value))
                    case .float64: put(value)
                    case .float16: put(HalfPrecision.binary16(from: Float(value)))
                    case .bfloat16: put(HalfPrecision.bfloat16(from: Float(value)))
                    case .int8: put(Int8(value))
                    case .int16: put(Int16(value))
                    case .int32: put(Int32(value))
                    case .int64: put(Int64(value))
                    case .uint8: put(UInt8(value))
                    case .uint16: put(UInt16(value))
                    case .uint32: put(UInt32(value))
                    case .uint64: put(UInt64(value))
                    case .bool: put(value != 0)
                    case let type where type.narrow != nil: put(type.narrow?.code(of: value) ?? 0)
                    default: preconditionFailure("\(type) holds no real numbers")
                    }
                }
            }
        } catch {
            fatalError("\(values.count) values: \(error)")
        }
    }
}

/// Records an issue unless every element is within `absolute + relative · |expected|` of what is expected; infinities and NaN
/// must be met exactly.
func expectNumbers(
    _ actual: Tensor, _ expected: [Double], relative: Double = 0, absolute: Double = 0, _ note: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let values = actual.numbers
    guard values.count == expected.count else {
        Issue.record("\(note): \(values.count) elements, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    for (index, (value, wanted)) in zip(values, expected).enumerated() {
        let isClose =
            wanted.isNaN
            ? value.isNaN : value == wanted || abs(value - wanted) <= absolute + relative * abs(wanted) && wanted.isFinite
        guard !isClose else { continue }
        Issue.record("\(note): element \(index) is \(value), expected \(wanted)", sourceLocation: sourceLocation)
        return
    }
}

/// Numbers that look random and are the same in every run.
struct TestNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64 = 1) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// Numbers in `range`.
    mutating func doubles(_ count: Int, in range: ClosedRange<Double> = -2...2) -> [Double] {
        (0..<count).map { _ in Double.random(in: range, using: &self) }
    }

    /// Whole numbers in `range`.
    mutating func wholes(_ count: Int, in range: ClosedRange<Int> = -9...9) -> [Double] {
        (0..<count).map { _ in Double(Int.random(in: range, using: &self)) }
    }
}
