import GraphIR
import Tensors

/// Sums or maxima of a sparse tensor along axes; places without an element count for nothing, and give 0.
///
/// - Shapes: a sparse tensor, axes int32 → dense or sparse, without the axes or with extent 1 there. Without axes nothing is
///   reduced.
/// - Source: TensorFlow operators SparseReduceSum, SparseReduceMax, SparseReduceSumSparse, SparseReduceMaxSparse.
struct SparseReduction: DynamicOperator {
    enum Rule: Sendable {
        case sum, max
    }

    let name: String
    let rule: Rule
    let isSparse: Bool
    let keepsAxes: Bool

    var shapeOperands: Set<Int> { [3] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let rank = try inputs.sparse(0), type = try inputs.tensor(1).elementType
        var resultRank: Int?
        if let rank, let axes = inputs[3]?.integers {
            resultRank = keepsAxes ? rank : rank - Set(try Self.resolved(axes, rank)).count
        }
        if isSparse { return OperatorInputs.sparse(type, rank: resultRank) }
        return [resultRank.map { .unknown(type, rank: $0) } ?? ValueFact(type, nil as SymbolicShape?)]
    }

    private static func resolved(_ axes: [Int], _ rank: Int) throws(OperatorError) -> [Int] {
        var result: [Int] = []
        for axis in axes {
            guard let axis = Shape.resolve(axis: axis, rank: rank) else {
                throw .invalidInput(index: 3, reason: "Invalid reduction dimension \(axis), for input with \(rank) dimensions.")
            }
            result.append(axis)
        }
        return result
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let input = try SparseTensor(context, 0)
        guard case .dense(let values) = input.values else { throw OperatorError.unsupported("sums of strings") }
        let axes = Set(try Self.resolved(try context.integers(3), input.rank))
        let kept = input.extents.indices.filter { !axes.contains($0) }
        let places = input.extents.indices.filter { keepsAxes || !axes.contains($0) }
        let extents = places.map { axes.contains($0) ? 1 : input.extents[$0] }
        return try context.withScratch(ByteCount.product(input.count, 48 + 8 * input.rank)) { () throws(OperatorError) in
            let keys = (0..<input.count).map { place in kept.map { input.table[place, $0] } }
            let order = keys.indices.sorted { keys[$0] == keys[$1] ? $0 < $1 : keys[$0].lexicographicallyPrecedes(keys[$1]) }
            var groups: [[Int]] = []
            for place in order {
                if let last = groups.last?.first, keys[last] == keys[place] {
                    groups[groups.count - 1].append(place)
                } else {
                    groups.append([place])
                }
            }
            let indices = groups.map { group in places.map { axes.contains($0) ? 0 : input.table[group[0], $0] } }
            return try values.elementType.dispatchArithmetic(
                Summary(
                    values: values, groups: groups, indices: indices, extents: extents, rule: rule, isSparse: isSparse,
                    context: context))
        }
    }

    private struct Summary: ArithmeticVisitor {
        let values: TensorView
        let groups: [[Int]]
        let indices: [[Int]]
        let extents: [Int]
        let rule: Rule
        let isSparse: Bool
        let context: EvaluationContext

        func visit<Element: ArithmeticElement>(_: Element.Type) throws(OperatorError) -> [RuntimeValue] {
            let source = values.baseAddress.assumingMemoryBound(to: Element.self)
            func reduced(_ group: [Int]) -> Element {
                group.dropFirst().reduce(source[group[0]]) { result, place in
                    switch rule {
                    case .sum: result.sum(with: source[place])
                    case .max: result.isLess(than: source[place]) ? source[place] : result
                    }
                }
            }
            let type = values.elementType
            if isSparse {
                let results = try context.makeTensor(TensorSpec(type, [groups.count])) { bytes in
                    let target = bytes.bindMemory(to: Element.self)
                    for (place, group) in groups.enumerated() { target[place] = reduced(group) }
                }
                return try context.sparse(
                    indices: indices.flatMap(\.self), values: .tensor(results), count: groups.count, extents: extents)
            }
            guard let shape = Shape(checking: extents) else { throw .invalidValue("\(extents) is no shape of a dense tensor") }
            let result = try context.zeros(TensorSpec(type, shape))
            let target = result.storage.baseAddress.assumingMemoryBound(to: Element.self), strides = shape.strides
            for (index, group) in zip(indices, groups) {
                target[zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }] = reduced(group)
            }
            return [.tensor(result)]
        }
    }

    static let spellings: [OperatorSpelling] = [
        make("SparseReduceSum", .sum, isSparse: false), make("SparseReduceMax", .max, isSparse: false),
        make("SparseReduceSumSparse", .sum, isSparse: true), make("SparseReduceMaxSparse", .max, isSparse: true),
    ]

    private static func make(_ name: String, _ rule: Rule, isSparse: Bool) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            SparseReduction(name: name, rule: rule, isSparse: isSparse, keepsAxes: try reader.flag("keep_dims", default: false))
        }
    }
}
