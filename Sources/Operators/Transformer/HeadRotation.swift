import GraphIR
import Tensors

/// The rotation of pairs of elements of a vector by angles that its position decides.
struct HeadRotation: Sendable {
    /// Pairs that are turned: the columns of the tables of cosines and sines.
    let pairs: Int
    /// Whether the elements of a pair are neighbours; else the second one stands `pairs` behind the first.
    let isInterleaved: Bool
    /// Positions that the tables have.
    let positions: Int

    func turn(_ vector: UnsafeMutablePointer<Float>, _ position: Int, _ memory: AttentionMemory) throws(OperatorError) {
        guard let cosines = memory.cosines, let sines = memory.sines else { return }
        try turn(vector, position, cosines, sines)
    }

    /// - Throws: for a position that the tables have not.
    func turn(
        _ vector: UnsafeMutablePointer<Float>, _ position: Int, _ cosines: UnsafePointer<Float>, _ sines: UnsafePointer<Float>
    ) throws(OperatorError) {
        guard position >= 0, position < positions else {
            throw .invalidValue("position \(position) is outside the \(positions) of the tables of cosines and sines")
        }
        let cosine = cosines + position * pairs, sine = sines + position * pairs
        for pair in 0..<pairs {
            let (i, j) = isInterleaved ? (2 * pair, 2 * pair + 1) : (pair, pair + pairs)
            let (a, b) = (vector[i], vector[j])
            vector[i] = a * cosine[pair] - b * sine[pair]
            vector[j] = b * cosine[pair] + a * sine[pair]
        }
    }

    /// The columns that tables of cosines and sines share.
    ///
    /// - Throws: for tables that are no matrices of one shape.
    static func columns(
        _ inputs: OperatorInputs, cosines: Int, sines: Int, type: ElementType
    ) throws(OperatorError) -> Dimension {
        let first = try inputs.required(cosines, of: [type]), second = try inputs.required(sines, of: [type])
        var columns = Dimension.unknown
        for (index, fact) in [(cosines, first), (sines, second)] {
            guard let shape = fact.shape else { continue }
            guard shape.rank == 2, let joined = Dimension.unified(columns, shape[1]) else {
                throw .invalidInput(index: index, reason: "is \(shape), expected a row of numbers for each position")
            }
            columns = joined
        }
        if let a = first.shape, let b = second.shape, Dimension.unified(a[0], b[0]) == nil {
            throw .invalidInput(index: sines, reason: "is \(b), expected \(a) as the cosines")
        }
        return columns
    }
}

/// Rotary embeddings: pairs of elements of each head's vector, turned by angles that the position decides.
///
/// - Shapes: x [B, S, heads · size] or [B, heads, S, size], positions [1] (of the first place) or [B, S], cosines and sines
///   [count, pairs] with at most size / 2 pairs → as x; elements behind the pairs stay.
/// - Types: float32 and 16-bit floats, which are rounded once, from float32; positions int64.
/// - Source: onnxruntime's RotaryEmbedding (com.microsoft).
struct ContribRotaryEmbedding: Operator {
    let isInterleaved: Bool
    /// 0 when the tables tell.
    let heads: Int
    let rotatedSize: Int

    let name = "RotaryEmbedding"

    init(_ reader: AttributeReader) throws(OperatorError) {
        isInterleaved = try reader.flag("interleaved", default: false)
        heads = try reader.integer("num_heads", default: 0)
        rotatedSize = try reader.integer("rotary_embedding_dim", default: 0)
        guard heads >= 0, rotatedSize >= 0, rotatedSize == 0 || heads > 0 else {
            throw .invalidAttribute(name: "num_heads", reason: "is \(heads) for rotations of \(rotatedSize) elements")
        }
        guard try reader.float("scale", default: 1) == 1 else { throw .unsupported("a scaled rotary embedding") }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let x = try inputs.required(0, of: [.float32, .float16, .bfloat16])
        let positions = try inputs.required(1, of: [.int64])
        let columns = try HeadRotation.columns(inputs, cosines: 2, sines: 3, type: x.elementType)
        if let rank = x.rank, rank != 3, rank != 4 { throw .invalidInput(index: 0, reason: "has rank \(rank), expected 3 or 4") }
        if let shape = x.concrete?.shape, let pairs = columns.value {
            let sizes = try sizes(shape, pairs: pairs)
            if let given = positions.concrete?.shape, given.elementCount != 1 || given.rank > 2,
                given != Shape([sizes.batch, sizes.length])
            {
                throw .invalidInput(index: 1, reason: "is \(given), expected one position, or one for each place")
            }
        }
        return [ValueFact(x.type)]
    }

    private func sizes(_ x: Shape, pairs: Int) throws(OperatorError) -> RotatedSizes {
        let known = x.rank == 4 ? x[3] : rotatedSize > 0 && heads > 0 ? x[2] / heads : 2 * pairs
        let width = x.rank == 4 ? x[3] : x[2]
        guard known > 0, width % known == 0, pairs <= known / 2, rotatedSize == 0 || pairs == rotatedSize / 2 else {
            throw .invalidInput(index: 2, reason: "has \(pairs) columns, which do not fit heads of \(known) in \(x)")
        }
        if x.rank == 4 {
            return RotatedSizes(
                batch: x[0], length: x[2], heads: x[1], layout: .apart(heads: x[1], length: x[2], size: known), size: known)
        }
        let heads = width / known
        return RotatedSizes(
            batch: x[0], length: x[1], heads: heads, layout: .together(length: x[1], heads: heads, size: known), size: known)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        // One position is that of the first place of every entry.
        guard let extents = inputs.extents(1) else { return .mixed(RowReason.unknown) }
        return inputs.entrywise(inputs[1] == .shared && extents.allSatisfy { $0 == 1 } ? [0] : [0, 1])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let tables = try context.input(2).shape
            let kernel = RotationKernel(
                sizes: try sizes(try context.input(0).shape, pairs: tables[1]),
                rotation: HeadRotation(pairs: tables[1], isInterleaved: isInterleaved, positions: tables[0]),
                hasOnePosition: try context.input(1).shape.elementCount == 1)
            return CompiledOperator(kernel, inPlace: context.inPlace(0..<1))
        }
    }
}

private struct RotatedSizes: Sendable {
    let batch: Int
    let length: Int
    let heads: Int
    let layout: HeadLayout
    let size: Int
}

private struct RotationKernel: Kernel {
    let sizes: RotatedSizes
    let rotation: HeadRotation
    let hasOnePosition: Bool

    func run(_ context: KernelContext) throws(OperatorError) {
        let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
        let positions = context.input(1, as: Int64.self)
        let cosines = context.input(2, as: Float.self), sines = context.input(3, as: Float.self)
        if UnsafePointer(y) != x { y.update(from: x, count: sizes.batch * sizes.heads * sizes.length * sizes.size) }
        for entry in 0..<sizes.batch {
            for place in 0..<sizes.length {
                let position =
                    hasOnePosition
                    ? Int(positions[0]).addingReportingOverflow(place).partialValue : Int(positions[entry * sizes.length + place])
                for head in 0..<sizes.heads {
                    try rotation.turn(y + sizes.layout.offset(entry, head, place), position, cosines, sines)
                }
            }
        }
    }
}
