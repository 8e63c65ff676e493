import GraphIR
import Tensors

/// What relative positions add to the scores of attention, from a table with a column of numbers for each bucket of distances.
///
/// - Shapes: table [buckets, heads], whose elements lie head by head, numbers of queries and of keys → [1, heads, queries, keys].
/// - Numerics: small distances have buckets of their own, larger ones share them by their logarithm.
/// - Types: float32, float16 and bfloat16.
/// - Source: onnxruntime's RelativePositionBias (com.microsoft).
struct RelativePositionBias: Operator {
    let maximumDistance: Int
    /// Whether keys behind a query have buckets of their own; else all share the one of distance 0.
    let isBidirectional: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        guard let distance = try reader.integer("max_distance"), (1...Int(Int32.max)).contains(distance) else {
            throw .invalidAttribute(name: "max_distance", reason: "is missing or not above 0")
        }
        maximumDistance = distance
        isBidirectional = try reader.flag("is_bidirectional", default: false)
    }

    var shapeOperands: Set<Int> { [1, 2] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let table = try inputs.required(0, of: [.float32, .float16, .bfloat16])
        if let shape = table.shape {
            guard shape.rank == 2, (shape[0].value ?? 4) >= (isBidirectional ? 4 : 2) else {
                throw .invalidInput(index: 0, reason: "is \(shape), expected buckets for each head")
            }
        }
        let queries = try count(inputs, 1), keys = try count(inputs, 2)
        let shape = SymbolicShape([.known(1), table.shape?[1] ?? .unknown, queries, keys])
        return [ValueFact(table.elementType, try shape.checked("the output"))]
    }

    private func count(_ inputs: OperatorInputs, _ index: Int) throws(OperatorError) -> Dimension {
        guard let values = try inputs.parameters(index) else { return .unknown }
        guard values.count == 1, values[0] >= 0 else {
            throw .invalidInput(index: index, reason: "is \(values), expected one count")
        }
        return .known(values[0])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let table = try context.input(0), shape = context.outputs[0].shape
        let heads = shape[1], queries = shape[2], keys = shape[3], buckets = table.shape[0], rule = self
        let width = table.elementType.byteCount
        return CompiledOperator(
            LoopKernel { context in
                let source = context.input(0), target = context.output(0)
                for query in 0..<queries {
                    for key in 0..<keys {
                        let bucket = rule.bucket(key - query, of: buckets)
                        for head in 0..<heads {
                            (target + ((head * queries + query) * keys + key) * width).copyMemory(
                                from: source + (head * buckets + bucket) * width, byteCount: width)
                        }
                    }
                }
            })
    }

    /// The bucket of a key that stands `distance` behind the query.
    private func bucket(_ distance: Int, of all: Int) -> Int {
        let count = isBidirectional ? all / 2 : all
        let first = isBidirectional && distance > 0 ? count : 0
        let size = isBidirectional ? abs(distance) : max(-distance, 0)
        let exact = max(count / 2, 1)
        guard size >= exact else { return first + size }
        let share = (Float(size) / Float(exact)).applying(.log) / (Float(maximumDistance) / Float(exact)).applying(.log)
        let place = share * Float(count - exact)
        // With a maximum below the exact buckets the logarithms say nothing.
        guard place.isFinite, place >= 0, place < Float(count) else { return first + count - 1 }
        return first + min(exact + Int(place), count - 1)
    }
}
