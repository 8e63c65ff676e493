import GraphIR
import Tensors

/// The parts that a loop's rounds give for one scan output, one behind the other in memory that grows.
struct ScanParts {
    private let output: ScanOutput
    /// Of a part, once there is one.
    private var spec: TensorSpec?
    /// [capacity, part…]
    private var memory: Tensor?
    private var capacity = 0
    private(set) var count = 0
    private let expectedCount: Int
    private let isCertain: Bool

    /// Memory for all expected parts is taken at once up to so many bytes, else it begins small and doubles, or grows by a quarter
    /// where the run may not have twice as much.
    private static let wholeByteCount = 1 << 20
    private static let firstByteCount = 4096

    /// - Parameters:
    ///   - expectedCount: how many parts are expected; there may be fewer.
    ///   - isCertain: whether there are so many, so that memory for all of them is taken at once, whatever their size.
    init(_ output: ScanOutput, expectedCount: Int, isCertain: Bool = false) {
        (self.output, self.expectedCount, self.isCertain) = (output, expectedCount, isCertain)
    }

    /// Whether parts of this type go with those that are there.
    func admits(_ spec: TensorSpec) -> Bool { self.spec == nil || self.spec == spec }

    mutating func add(_ part: TensorView, _ context: EvaluationContext) throws(OperatorError) {
        guard admits(part.spec) else {
            let spec = spec?.description ?? ""
            throw .invalidValue("a scan output is \(spec) in one round and \(part.spec) in another; all rounds must agree")
        }
        try add(part.baseAddress, part.spec, context)
    }

    /// Adds a part of a type that is admitted.
    mutating func add(_ part: UnsafeRawPointer, _ spec: TensorSpec, _ context: EvaluationContext) throws(OperatorError) {
        let byteCount = spec.byteCount
        if count == capacity { try grow(spec, byteCount, context) }
        memory?.storage.baseAddress.advanced(by: count * byteCount).copyMemory(from: part, byteCount: byteCount)
        count += 1
    }

    private mutating func grow(_ spec: TensorSpec, _ byteCount: Int, _ context: EvaluationContext) throws(OperatorError) {
        self.spec = spec
        let partByteCount = max(byteCount, 1)
        let isWhole = isCertain || expectedCount <= Self.wholeByteCount / partByteCount
        let first = isWhole ? expectedCount : Self.firstByteCount / partByteCount
        let wanted = max(min(max(2 * capacity, first), expectedCount), count + 1)
        let least = min(count + count / 4 + 1, wanted)
        do throws(OperatorError) {
            (memory, capacity) = (try resized(to: wanted, spec, context), wanted)
        } catch {
            guard case .memory = error, least < wanted else { throw error }
            (memory, capacity) = (try resized(to: least, spec, context), least)
        }
    }

    /// The parts in memory for `capacity` of them, zeros after the last one.
    private func resized(to capacity: Int, _ spec: TensorSpec, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        let used = count * spec.byteCount
        return try context.makeTensor(joined(capacity, spec)) { bytes in
            guard let target = bytes.baseAddress else { return }
            if let memory { target.copyMemory(from: memory.storage.baseAddress, byteCount: used) }
            (target + used).initializeMemory(as: UInt8.self, repeating: 0, count: bytes.count - used)
        }
    }

    /// `memory` without what is behind the last part; all of it stays taken where the run may not have a copy beside it.
    private func trimmed(_ memory: Tensor, _ spec: TensorSpec, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        guard count < capacity else { return memory }
        do throws(OperatorError) {
            return try resized(to: count, spec, context)
        } catch {
            guard case .memory = error, let part = Tensor(try joined(count, spec), storage: memory.storage) else { throw error }
            return part
        }
    }

    /// The type of `count` parts, one behind the other.
    private func joined(_ count: Int, _ spec: TensorSpec) throws(OperatorError) -> TensorSpec {
        TensorSpec(spec.elementType, try Shape(checked: [count] + spec.shape.extents, what: "a scan output"))
    }

    /// The parts joined along the output's axis.
    ///
    /// - Parameter fact: what is known of a part when there is none; unknown extents become 0.
    func stacked(emptyLike fact: ValueFact?, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        guard let spec, let memory else { return try output.empty(fact, context) }
        guard output.axis != 0 || output.isReversed else { return try trimmed(memory, spec, context) }
        return try output.arranged(memory, count: count, spec, context)
    }
}
