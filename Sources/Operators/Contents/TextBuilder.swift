import GraphIR
import Tensors

/// Collects the strings of a result, whose bytes are charged while they grow.
final class TextBuilder {
    /// What an array of bytes takes beside its bytes: its header and the reference to it.
    private static let overhead = 48
    /// Bytes that are charged at once.
    private static let step = 1 << 16

    private let allowance: MemoryAllowance?
    private var elements: [[UInt8]] = []
    private var charged = 0
    private var used = 0

    init(_ context: EvaluationContext, capacity: Int = 0) throws(OperatorError) {
        allowance = context.allowance
        try charge(ByteCount.product(capacity, MemoryLayout<[UInt8]>.stride))
        elements.reserveCapacity(capacity)
    }

    deinit { allowance?.credit(charged) }

    var count: Int { elements.count }

    func append(_ text: [UInt8]) throws(OperatorError) {
        try charge(text.count)
        elements.append(text)
    }

    func append(_ text: ArraySlice<UInt8>) throws(OperatorError) {
        try charge(text.count)
        elements.append(Array(text))
    }

    /// Counts the bytes of a string that is about to be made.
    func charge(_ byteCount: Int) throws(OperatorError) {
        used = ByteCount.sum(used, byteCount, Self.overhead)
        guard used > charged else { return }
        let missing = max(used - charged, Self.step)
        do { try allowance?.charge(missing) } catch { throw .memory(error) }
        charged += missing
    }

    /// The strings as a tensor, of as many elements as were appended.
    func tensor(_ shape: Shape) throws(OperatorError) -> RuntimeValue {
        guard elements.count == shape.elementCount else {
            throw .invalidValue("makes \(elements.count) strings for shape \(shape)")
        }
        return .strings(StringTensor(shape: shape, elements: elements))
    }

    /// The strings as a list.
    func list() throws(OperatorError) -> RuntimeValue { try tensor([elements.count]) }
}
