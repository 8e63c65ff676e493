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
    /// How many parts are expected; there may be fewer.
    private let expectedCount: Int

    /// Memory for all expected parts is taken at once up to so many bytes, else it begins small and doubles.
    private static let wholeByteCount = 1 << 20
    private static let firstByteCount = 4096

    init(_ output: ScanOutput, expectedCount: Int) { (self.output, self.expectedCount) = (output, expectedCount) }

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
        let first = expectedCount <= Self.wholeByteCount / partByteCount ? expectedCount : Self.firstByteCount / partByteCount
        capacity = max(min(max(2 * capacity, first), expectedCount), count + 1)
        memory = try resized(to: capacity, spec, context)
    }

    /// The parts in memory for `capacity` of them, zeros after the last one.
    private func resized(to capacity: Int, _ spec: TensorSpec, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        let shape = try Shape(checked: [capacity] + spec.shape.extents, what: "a scan output")
        let used = count * spec.byteCount
        return try context.makeTensor(TensorSpec(spec.elementType, shape)) { bytes in
            guard let target = bytes.baseAddress else { return }
            if let memory { target.copyMemory(from: memory.storage.baseAddress, byteCount: used) }
            (target + used).initializeMemory(as: UInt8.self, repeating: 0, count: bytes.count - used)
        }
    }

    /// The parts joined along the output's axis.
    ///
    /// - Parameter fact: what is known of a part when there is none; unknown extents become 0.
    func stacked(emptyLike fact: ValueFact?, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        guard let spec, let memory else { return try output.empty(fact, context) }
        guard output.axis != 0 || output.isReversed else {
            return count == capacity ? memory : try resized(to: count, spec, context)
        }
        return try output.arranged(memory, count: count, spec, context)
    }
}
