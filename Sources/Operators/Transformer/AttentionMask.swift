import GraphIR
import Tensors

/// What an int32 mask of keys says, by its shape. A masked key's score gets a large negative number added.
enum AttentionMask: Sendable, Hashable {
    /// One mask for all keys, which changes nothing.
    case constant
    /// [batch]: how many keys count; the others are masked. Longer masks begin so, too.
    case ends
    /// [2 · batch]: ends, then the first keys that count.
    case endsAndStarts
    /// [batch, total]: 0 masks a key.
    case keys
    /// [batch, length, total]: 0 masks a key for a query.
    case pairs
    /// [batch, 1, extent, extent]: the same by the positions of queries and keys.
    case positions(extent: Int)

    /// - Parameters:
    ///   - length: queries.
    ///   - total: keys.
    init(_ shape: Shape, input: Int, batch: Int, length: Int, total: Int) throws(OperatorError) {
        let extents = shape.extents
        switch shape.rank {
        case 1 where extents[0] == batch: self = .ends
        case 1 where batch <= Shape.maximumElementCount && extents[0] == 2 * batch: self = .endsAndStarts
        case 1 where batch <= Shape.maximumElementCount && extents[0] == 3 * batch + 2: self = .ends
        case 2 where extents == [batch, total]: self = .keys
        case 2 where extents[1] == 1 && (extents[0] == batch || extents[0] == 1): self = .constant
        case 3 where extents == [batch, length, total]: self = .pairs
        case 4 where extents[0] == batch && extents[1] == 1 && extents[2] == extents[3] && extents[2] >= total:
            self = .positions(extent: extents[2])
        default:
            throw .invalidInput(
                index: input, reason: "is \(shape), which is no mask for \(batch) times \(length) queries and \(total) keys")
        }
    }
}

/// All batch entries have as many keys; masks come from an input.
struct MaskedAttention: AttentionRules {
    let batch: Int
    let length: Int
    let past: Int
    let total: Int
    /// Whether a query sees no keys behind its own place.
    let isCausal: Bool
    var mask = AttentionMask.constant
    var maskInput: Int?
    var filter: Float = 0

    func span(_ batch: Int, _ context: KernelContext) -> AttentionSpan { AttentionSpan(past: past, total: total) }

    func position(_ batch: Int, _ row: Int, _ span: AttentionSpan, _ context: KernelContext) -> Int { past + row }

    func keys(_ row: Int, _ span: AttentionSpan) -> Range<Int> { 0..<(isCausal ? min(past + row + 1, total) : total) }

    func mask(_ scores: UnsafeMutablePointer<Float>, _ count: Int, batch entry: Int, row: Int, _ context: KernelContext) {
        guard let maskInput, mask != .constant else { return }
        let numbers = context.input(maskInput, as: Int32.self)
        let line: UnsafePointer<Int32>
        switch mask {
        case .constant: return
        case .ends, .endsAndStarts:
            let end = max(Int(numbers[entry]), 0), start = mask == .ends ? 0 : Int(numbers[batch + entry])
            for key in 0..<count where key >= end || key < start { scores[key] += filter }
            return
        case .keys: line = numbers + entry * count
        case .pairs: line = numbers + (entry * length + row) * count
        case .positions(let extent): line = numbers + (entry * extent + past + row) * extent
        }
        for key in 0..<count where line[key] <= 0 { scores[key] += filter }
    }
}

/// Attributes and checks that the attentions share.
enum AttentionInputs {
    static func heads(_ name: String, _ reader: AttributeReader) throws(OperatorError) -> Int {
        guard let heads = try reader.integer(name) else { throw .invalidAttribute(name: name, reason: "is missing") }
        guard (1...Int(Int32.max)).contains(heads) else {
            throw .invalidAttribute(name: name, reason: "is \(heads), expected 1 to \(Int32.max)")
        }
        return heads
    }

    /// The attribute when it is a number other than 0.
    static func scale(_ reader: AttributeReader) throws(OperatorError) -> Float? {
        let scale = try reader.float("scale", default: 0)
        return scale == 0 ? nil : scale
    }

    /// How the addend of the scores broadcasts.
    static func addendLayout(
        _ shape: Shape, input: Int, batch: Int, heads: Int, length: Int, total: Int
    ) throws(OperatorError) -> HeadLayout {
        guard shape.rank == 4, shape[0] == batch || shape[0] == 1, shape[1] == heads || shape[1] == 1, shape[2] == length,
            shape[3] == total
        else {
            throw .invalidInput(
                index: input, reason: "is \(shape), expected \([batch, heads, length, total]), or 1 for the first axes")
        }
        let strides = shape.strides
        return HeadLayout(batch: shape[0] == 1 ? 0 : strides[0], head: shape[1] == 1 ? 0 : strides[1], row: strides[2])
    }

    /// Refuses inputs `indices`, which are not computed with.
    static func refuse(_ indices: Range<Int>, _ inputs: OperatorInputs, of name: String) throws(OperatorError) {
        for index in indices where inputs[index] != nil { throw .unsupported("input \(index) of \(name)") }
    }

    /// The shape of input `index` when it is known; nil also when the input is absent.
    static func shape(_ index: Int, _ inputs: OperatorInputs) -> Shape? { inputs[index]?.shape?.concrete }

    /// Whether the shape of every input that is there is known.
    static func areKnown(_ inputs: OperatorInputs) -> Bool {
        inputs.facts.allSatisfy { $0 == nil || $0?.shape?.concrete != nil }
    }
}

/// Attention over operands of a node.
struct HeadAttentionKernel<Rules: AttentionRules>: Kernel {
    let attention: HeadAttention
    let rules: Rules
    let kernels: KernelFunctions
    /// Finds the operands' memory.
    let memory: @Sendable (KernelContext) -> AttentionMemory

    func run(_ context: KernelContext) throws(OperatorError) { try run(0..<attention.units, context) }

    var parts: Int { attention.split.count }

    func run(part: Int, _ context: KernelContext) throws(OperatorError) {
        try run(attention.split.units(of: part), context)
    }

    private func run(_ units: Range<Int>, _ context: KernelContext) throws(OperatorError) {
        try attention.run(
            units, rules, memory(context), context, context.scratch.assumingMemoryBound(to: Float.self), kernels.softmax)
    }
}
