import GraphIR
import Tensors

/// Each query's mean of the values, weighted by the softmax of its products with the keys.
///
/// - Shapes: queries [N, H, L, D], keys [N, G, S, D], values [N, G, S, V] → [N, H, L, V]; or with the heads in the last axis,
///   queries [N, L, H·D], keys [N, S, G·D], values [N, S, G·V] → [N, L, H·V]. H is a multiple of G: neighbouring queries share a
///   head of keys. Optional inputs: a mask that broadcasts to [N, H, L, T], of bools (whether a key counts) or of floats (added to
///   the products); keys [N, G, P, D] and values [N, G, P, V] of the past, which stand before the others, so that T = P + S; the
///   number of keys that count for each image, int64 [N]. Optional outputs: all keys [N, G, T, D], all values [N, G, T, V], and the
///   products at one of four stages [N, H, L, T].
/// - Numerics: softmax(cap(scale · q · kᵀ + mask)) · v in float32 or float64; a row without keys that count gives NaN. From opset
///   24 a mask that is shorter than the keys hides the rest of them.
/// - Source: ONNX operator Attention, opsets 23 and 24.
struct Attention: Operator {
    /// What the fourth output shows.
    enum Stage: Int { case product, masked, capped, softmax }

    let queryHeads: Int?
    let keyHeads: Int?
    let isCausal: Bool
    /// nil for 1 / √D.
    let scale: Float?
    /// 0 for none.
    let cap: Float
    let stage: Stage
    /// Whether the softmax is computed in float64 whatever the inputs are.
    let hasWideSoftmax: Bool
    /// Whether a mask may end before the keys do; then the number of keys that count may be given, too.
    let extendsMask: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        queryHeads = try Self.heads(reader, "q_num_heads")
        keyHeads = try Self.heads(reader, "kv_num_heads")
        isCausal = try reader.flag("is_causal", default: false)
        scale = try reader.float("scale")
        cap = try reader.float("softcap", default: 0)
        guard cap >= 0, cap.isFinite else {
            throw .invalidAttribute(name: "softcap", reason: "is \(cap), expected a finite number, at least 0")
        }
        let mode = try reader.integer("qk_matmul_output_mode", default: 0)
        guard let stage = Stage(rawValue: mode) else {
            throw .invalidAttribute(name: "qk_matmul_output_mode", reason: "is \(mode), expected 0 to 3")
        }
        self.stage = stage
        hasWideSoftmax = try Self.hasWideSoftmax(reader)
        extendsMask = reader.version >= 24
    }

    private static func heads(_ reader: AttributeReader, _ name: String) throws(OperatorError) -> Int? {
        guard let count = try reader.integer(name) else { return nil }
        guard count > 0 else { throw .invalidAttribute(name: name, reason: "is \(count), expected at least 1") }
        return count
    }

    /// The attribute holds ONNX's number of a floating-point type: 1, 10, 11 or 16. Narrow ones are computed in float32.
    private static func hasWideSoftmax(_ reader: AttributeReader) throws(OperatorError) -> Bool {
        guard let number = try reader.integer("softmax_precision") else { return false }
        guard [1, 10, 11, 16].contains(number) else {
            throw .invalidAttribute(name: "softmax_precision", reason: "is \(number), expected the number of a floating-point type")
        }
        return number == 11
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...(extendsMask ? 7 : 6))
        try checkTypes(inputs)
        let shape = try AttentionShape(inputs, queryHeads: queryHeads, keyHeads: keyHeads)
        try checkMask(inputs, shape)
        try checkCounts(inputs, shape)
        let keyType = try inputs.required(0).elementType, valueType = try inputs.required(2).elementType
        let outputs = [
            ValueFact(keyType, try shape.result?.checked("the output")),
            ValueFact(keyType, try shape.allKeys.checked("the output of keys")),
            ValueFact(valueType, try shape.allValues.checked("the output of values")),
            ValueFact(keyType, try shape.products.checked("the products of queries and keys")),
        ]
        return Array(outputs.prefix(max(inputs.outputCount, 1)))
    }

    private func checkTypes(_ inputs: OperatorInputs) throws(OperatorError) {
        let type = try inputs.required(0, of: ElementTypes.floatingPoint).elementType
        // The others may be of other widths below 64 bits, all of which are computed in float32.
        let fitting: Set<ElementType> = type == .float64 ? [.float64] : ElementTypes.floatingPoint.subtracting([.float64])
        for index in 1...2 { _ = try inputs.required(index, of: fitting) }
        try inputs.checkSameType(1, as: 0)
        if inputs[3] != nil { _ = try inputs.required(3, of: fitting.union([.bool])) }
        guard (inputs[4] == nil) == (inputs[5] == nil) else {
            throw .invalidInput(index: inputs[4] == nil ? 4 : 5, reason: "is missing, keys and values of the past go together")
        }
        for index in 4...5 where inputs[index] != nil {
            _ = try inputs.required(index, of: fitting)
            try inputs.checkSameType(index, as: index - 3)
        }
        if inputs[6] != nil { _ = try inputs.required(6, of: [.int64]) }
    }

    private func checkMask(_ inputs: OperatorInputs, _ shape: AttentionShape) throws(OperatorError) {
        guard let mask = inputs[3]?.shape else { return }
        let products = shape.products.dimensions
        guard (1...products.count).contains(mask.rank) else {
            throw .invalidInput(index: 3, reason: "is \(mask) with \(mask.rank) axes, expected 1 to 4")
        }
        for (offset, dimension) in mask.dimensions.enumerated() {
            guard let found = dimension.value, let expected = products[products.count - mask.rank + offset].value else { continue }
            let isLast = offset == mask.rank - 1
            guard found == expected || (isLast && extendsMask ? found < expected : found == 1) else {
                throw .invalidInput(index: 3, reason: "is \(mask), which does not fit the products \(shape.products)")
            }
        }
    }

    private func checkCounts(_ inputs: OperatorInputs, _ shape: AttentionShape) throws(OperatorError) {
        guard let counts = inputs[6]?.shape else { return }
        guard counts.rank == 1, Dimension.unified(counts[0], shape.batch) != nil else {
            throw .invalidInput(index: 6, reason: "is \(counts), expected one number for each of \(shape.batch) images")
        }
    }

    /// Images are computed one by one, where all that belongs to one comes with it.
    func rows(_ inputs: RowInputs) -> RowFlow {
        let parts = [0, 1, 2, 4, 5, 6].filter { inputs[$0] != nil }
        guard parts.allSatisfy({ inputs.axis($0) == 0 }) else { return .mixed(RowReason.joined) }
        guard let mask = inputs[3] else { return .rows(axis: 0, of: inputs) }
        guard let extents = inputs.extents(3) else { return .mixed(RowReason.unknown) }
        let hasImages = extents.count == 4 && extents[0] != 1
        guard mask == (hasImages ? .rows(axis: 0) : .shared) else { return .mixed(RowReason.positional) }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let geometry = try AttentionGeometry(self, context)
            return try context.input(0).elementType == .float64
                ? AttentionKernel<Double>(self, geometry, context).compiled
                : AttentionKernel<Float>(self, geometry, context).compiled
        }
    }
}

/// The extents of an attention as far as they are known.
struct AttentionShape {
    /// Of queries, keys or values.
    private struct Operand {
        var batch = Dimension.unknown
        var heads = Dimension.unknown
        var length = Dimension.unknown
        var size = Dimension.unknown
    }

    let batch: Dimension
    let queryHeads: Dimension
    let keyHeads: Dimension
    let queryLength: Dimension
    let totalLength: Dimension
    let keySize: Dimension
    let valueSize: Dimension
    /// nil when it is not known whether the heads have an axis of their own.
    private let rank: Int?

    var allKeys: SymbolicShape { SymbolicShape([batch, keyHeads, totalLength, keySize]) }
    var allValues: SymbolicShape { SymbolicShape([batch, keyHeads, totalLength, valueSize]) }
    var products: SymbolicShape { SymbolicShape([batch, queryHeads, queryLength, totalLength]) }

    var result: SymbolicShape? {
        switch rank {
        case nil: nil
        case 3: SymbolicShape([batch, queryLength, Dimension.product([queryHeads, valueSize])])
        default: SymbolicShape([batch, queryHeads, queryLength, valueSize])
        }
    }

    init(_ inputs: OperatorInputs, queryHeads: Int?, keyHeads: Int?) throws(OperatorError) {
        rank = try inputs.required(0).rank
        for index in 1...2 {
            guard let rank, let found = try inputs.required(index).rank, found != rank else { continue }
            throw .invalidInput(index: index, reason: "has \(found) axes, expected \(rank) as the queries")
        }
        let query = try Self.operand(inputs, 0, heads: queryHeads), key = try Self.operand(inputs, 1, heads: keyHeads)
        let value = try Self.operand(inputs, 2, heads: keyHeads)
        let oldKey = try Self.past(inputs, 4), oldValue = try Self.past(inputs, 5)
        let all = [query, key, value, oldKey, oldValue]
        batch = try Self.joined("images", all.map(\.batch))
        self.queryHeads = query.heads
        self.keyHeads = try Self.joined("heads", all.dropFirst().map(\.heads), first: 1)
        queryLength = query.length
        keySize = try Self.joined("numbers in a head of queries and keys", [query.size, key.size, .unknown, oldKey.size])
        valueSize = try Self.joined("numbers in a head of values", [value.size, .unknown, oldValue.size], first: 2)
        let length = try Self.joined("positions of keys and values", [key.length, value.length], first: 1)
        let oldLength = try Self.joined("positions of the past", [oldKey.length, oldValue.length], first: 4)
        if inputs[4] == nil {
            totalLength = length
        } else if let length = length.value, let oldLength = oldLength.value {
            totalLength = .known(ByteCount.sum(length, oldLength))
        } else {
            totalLength = .unknown
        }
        try checkGroups()
    }

    private func checkGroups() throws(OperatorError) {
        guard let queryHeads = queryHeads.value, let keyHeads = keyHeads.value else { return }
        guard keyHeads == 0 ? queryHeads == 0 : queryHeads % keyHeads == 0 else {
            throw .invalidInput(
                index: 1, reason: "has \(keyHeads) heads, expected a number that divides the \(queryHeads) heads of the queries")
        }
    }

    private static func operand(_ inputs: OperatorInputs, _ index: Int, heads: Int?) throws(OperatorError) -> Operand {
        guard let shape = try inputs.required(index).shape else { return Operand() }
        switch shape.rank {
        case 4: return Operand(batch: shape[0], heads: shape[1], length: shape[2], size: shape[3])
        case 3:
            guard let heads else {
                let name = index == 0 ? "q_num_heads" : "kv_num_heads"
                throw .invalidAttribute(name: name, reason: "is missing, inputs of 3 axes do not show how many heads they have")
            }
            var size = Dimension.unknown
            if let hidden = shape[2].value {
                guard hidden % heads == 0 else {
                    throw .invalidInput(index: index, reason: "is \(shape), whose last axis is not a multiple of \(heads) heads")
                }
                size = .known(hidden / heads)
            }
            return Operand(batch: shape[0], heads: .known(heads), length: shape[1], size: size)
        default: throw .invalidInput(index: index, reason: "is \(shape) with \(shape.rank) axes, expected 3 or 4")
        }
    }

    private static func past(_ inputs: OperatorInputs, _ index: Int) throws(OperatorError) -> Operand {
        guard let shape = inputs[index]?.shape else { return Operand() }
        guard shape.rank == 4 else {
            throw .invalidInput(index: index, reason: "is \(shape) with \(shape.rank) axes, expected 4")
        }
        return Operand(batch: shape[0], heads: shape[1], length: shape[2], size: shape[3])
    }

    /// The extent that all `dimensions` are.
    ///
    /// - Parameter first: the operand that the first of them belongs to; the past's keys and values come after the mask.
    private static func joined(_ what: String, _ dimensions: [Dimension], first: Int = 0) throws(OperatorError) -> Dimension {
        var result = Dimension.unknown
        for (offset, dimension) in dimensions.enumerated() {
            guard let joined = Dimension.unified(result, dimension) else {
                let operand = first + offset
                throw .invalidInput(
                    index: operand < 3 || first > 3 ? operand : operand + 1, reason: "has \(dimension) \(what), expected \(result)")
            }
            result = joined
        }
        return result
    }
}
