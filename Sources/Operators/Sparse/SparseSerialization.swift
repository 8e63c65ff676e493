import GraphIR
import Tensors

/// Sparse tensors as three strings: serialised indices, values and shape.
///
/// - Shapes: SerializeSparse: a sparse tensor → string [3]; SerializeManySparse: of each element along the first axis → [n, 3];
///   DeserializeManySparse and DeserializeSparse: string [n, 3] or [A…, 3] → one sparse tensor with the axes in front.
/// - Source: TensorFlow operators SerializeSparse, SerializeManySparse, DeserializeSparse and DeserializeManySparse. A variant in
///   place of a string is the same bytes.
enum SparseSerialization {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("SerializeSparse") { _ throws(OperatorError) in SerializeSparse(isMany: false) },
        .tensorFlow("SerializeManySparse") { _ throws(OperatorError) in SerializeSparse(isMany: true) },
        .tensorFlow("DeserializeSparse") { reader throws(OperatorError) in
            DeserializeSparse(name: "DeserializeSparse", type: try reader.elementType("dtype") ?? .float32)
        },
        .tensorFlow("DeserializeManySparse") { reader throws(OperatorError) in
            DeserializeSparse(name: "DeserializeManySparse", type: try reader.elementType("dtype") ?? .float32)
        },
    ]
}

struct SerializeSparse: DynamicOperator {
    let isMany: Bool

    var name: String { isMany ? "SerializeManySparse" : "SerializeSparse" }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        try inputs.sparse(0)
        return [ValueFact(.string, SymbolicShape(isMany ? [.unknown, .known(3)] : [.known(3)]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let input = try SparseTensor(context, 0)
        guard isMany else {
            let builder = try TextBuilder(context, capacity: 3)
            for index in 0..<3 { try builder.append(TensorRecord.bytes(try context.elements(index))) }
            return [try builder.list()]
        }
        guard input.rank >= 2 else {
            throw OperatorError.invalidInput(index: 2, reason: "Rank of input SparseTensor should be > 1, but saw rank: \(input.rank)")
        }
        var places = [[Int]](repeating: [], count: try context.withScratch(ByteCount.product(input.extents[0], 8)) { input.extents[0] })
        for place in 0..<input.count { places[input.table[place, 0]].append(place) }
        let builder = try TextBuilder(context, capacity: ByteCount.product(places.count, 3))
        for group in places {
            let indices = try context.integers(
                group.flatMap { place in (1..<input.rank).map { input.table[place, $0] } }, [group.count, input.rank - 1])
            let parts = [
                indices, try input.values.gathered(group, context), try context.integers(Array(input.extents.dropFirst())),
            ]
            for part in parts { try builder.append(TensorRecord.bytes(try ElementList(part))) }
        }
        return [try builder.tensor([places.count, 3])]
    }
}

struct DeserializeSparse: DynamicOperator {
    let name: String
    let type: ElementType

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        _ = try inputs.text(0)
        return OperatorInputs.sparse(type, rank: nil)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let records = try context.strings(0)
        guard records.shape.rank >= 1, records.shape[records.shape.rank - 1] == 3 else {
            throw OperatorError.invalidInput(
                index: 0, reason: "Serialized sparse should have 3 as the last dimension. Got \(records.shape)")
        }
        let outer = Array(records.shape.extents.dropLast()), count = outer.reduce(1, *)
        guard count > 0 else { throw OperatorError.invalidInput(index: 0, reason: "must have at least 1 serialized sparse tensor") }
        var indices: [Int] = [], values: [RuntimeValue] = [], extents: [Int] = []
        for number in 0..<count {
            try context.checkStop()
            let first = 3 * number
            let shape = try integers(records.elements[first + 2], context).values
            let part = try integers(records.elements[first], context)
            guard part.shape.rank == 2, part.shape[1] == shape.count else {
                throw OperatorError.invalidValue(
                    "Expected serialized_sparse[\(number), 0] to represent an index matrix but received \(part.shape)")
            }
            if number == 0 { extents = shape }
            guard shape.count == extents.count else {
                throw OperatorError.invalidValue(
                    "Inconsistent rank across SparseTensors: rank prior to SparseTensor[\(number)] was: \(extents.count) but rank of "
                        + "SparseTensor[\(number)] is: \(shape.count)"
                )
            }
            for axis in extents.indices { extents[axis] = max(extents[axis], shape[axis]) }
            let value = try TensorRecord.value(records.elements[first + 1], type: type, context)
            guard try ElementList(value).count == part.shape[0] else {
                throw OperatorError.invalidValue("a serialized sparse tensor has \(part.shape[0]) indices and other values")
            }
            values.append(value)
            var prefix = [Int](repeating: 0, count: outer.count), rest = number
            for axis in prefix.indices.reversed() {
                prefix[axis] = rest % outer[axis]
                rest /= outer[axis]
            }
            for row in 0..<part.shape[0] { indices += prefix + part.values[row * shape.count..<(row + 1) * shape.count] }
        }
        let lists = try values.map { (value) throws(OperatorError) in try ElementList(value) }
        let places = lists.enumerated().flatMap { number, list in (0..<list.count).map { (list: number, position: $0) } }
        let joined = try ElementList.gathered(lists, places, [places.count], context)
        withExtendedLifetime(values) {}
        return try context.sparse(indices: indices, values: joined, count: places.count, extents: outer + extents)
    }

    private func integers(_ text: [UInt8], _ context: EvaluationContext) throws(OperatorError) -> (values: [Int], shape: Shape) {
        guard case .tensor(let tensor) = try TensorRecord.value(text, type: .int64, context), let values = tensor.integers else {
            throw .invalidValue("a serialized sparse tensor has no integers where its indices should be")
        }
        return (values, tensor.shape)
    }
}

extension ElementList {
    /// The elements of a tensor, which must outlive the list.
    init(_ value: RuntimeValue) throws(OperatorError) {
        switch value {
        case .tensor(let tensor): self = .dense(tensor.view)
        case .strings(let texts): self = .strings(texts)
        default: throw .invalidValue("\(value.kind) is no tensor")
        }
    }
}
