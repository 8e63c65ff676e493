import GraphIR
import Tensors

/// Loops that convert elements from or to a `NarrowType`; 16-bit floats and strings are not among the other types.
enum NarrowCast {
    /// - Precondition: `source` or `target` is a `NarrowType`.
    static func body(
        from source: ElementType, to target: ElementType, _ rounding: NarrowType.Rounding, count: Int, _ functions: KernelFunctions
    ) throws(OperatorError) -> MapBody {
        if let narrow = source.narrow {
            return try table(of: narrow, as: target, rounding, functions).body(count: count, for: "a cast from \(source)")
        }
        guard let narrow = target.narrow else { preconditionFailure("neither \(source) nor \(target) is narrow") }
        // A bool's byte is 0 or 1.
        let encoder = Encoder(target: narrow, rounding: rounding, count: count)
        return try encoder.make(source == .bool ? .uint8 : source, for: "a cast to \(target)")
    }

    /// The number of each code in another type: an integer loses high bits, a float is limited.
    private static func table(
        of narrow: NarrowType, as target: ElementType, _ rounding: NarrowType.Rounding, _ functions: KernelFunctions
    ) throws(OperatorError) -> CodeTable {
        let count = CodeTable.codeCount
        if let type = target.narrow {
            return try CodeTable(of: target, from: narrow.values) { y, x in
                Loops.map(y, x, count) { (x: Float) in type.code(of: Double(x), rounding) }
            }
        }
        guard narrow.range != nil else {
            let convert = try Conversions.body(from: .float32, to: target, count: count, functions)
            return try CodeTable(of: target, from: narrow.values, convert)
        }
        let convert = try Conversions.body(from: .int32, to: target, count: count, functions)
        return try CodeTable(of: target, from: narrow.values.map { Int32($0) }, convert)
    }
}

/// A function of elements that are bytes: each result is looked up.
struct CodeTable {
    static let codeCount = 256

    /// One result for each byte.
    private let results: Tensor

    /// Makes the results of one number for each byte with `function`, which is made for so many.
    init<Number: TensorScalar>(of type: ElementType, from numbers: [Number], _ function: MapBody) throws(OperatorError) {
        let numbers = Tensor(numbers, shape: [Self.codeCount])
        defer { withExtendedLifetime(numbers.storage) {} }
        do throws(MemoryRefusal) {
            results = try Tensor(TensorSpec(type, [Self.codeCount])) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
        } catch {
            throw .memory(error)
        }
        try function(results.storage.baseAddress, numbers.view.baseAddress)
    }

    func body(count: Int, for name: String) throws(OperatorError) -> MapBody {
        try Lookup(results: results, count: count).make(results.elementType, for: name)
    }

    private struct Lookup: BitsMaker {
        let results: Tensor
        let count: Int

        func bits<Bits: FixedWidthInteger & UnsignedInteger & TensorScalar>(_: Bits.Type) -> MapBody {
            let results = results, count = count
            return { y, x in
                withExtendedLifetime(results.storage) {
                    let table = results.storage.baseAddress.assumingMemoryBound(to: Bits.self)
                    Loops.map(y, x, count) { (code: UInt8) in table[Int(code)] }
                }
            }
        }
    }
}

/// Numbers as codes.
private struct Encoder: NumberMaker {
    let target: NarrowType
    let rounding: NarrowType.Rounding
    let count: Int

    func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> MapBody {
        let target = target, rounding = rounding, count = count
        guard target.range == nil else {
            return { y, x in Loops.map(y, x, count) { (x: Scalar) in target.code(of: Int64(truncatingIfNeeded: x)) } }
        }
        return { y, x in Loops.map(y, x, count) { (x: Scalar) in target.code(of: Double(x), rounding) } }
    }

    func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> MapBody {
        let target = target, rounding = rounding, count = count
        return { y, x in Loops.map(y, x, count) { (x: Scalar) in target.code(of: Double(x), rounding) } }
    }
}
