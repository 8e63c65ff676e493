import GraphIR
import Tensors

/// How many insertions, deletions and replacements make one sequence of another.
///
/// - Shapes: two sparse tensors of equal rank r ≥ 2 (indices int64 [n, r], values [n], shape int64 [r]) whose last axis is the
///   sequence → float32 of rank r − 1. Normalised, it is divided by the length of the truth: infinite when only that is empty, 0
///   when both are.
/// - Source: TensorFlow operator EditDistance.
struct EditDistance: DynamicOperator {
    let isNormalized: Bool

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(6...6)
        guard let rank = try inputs.listLength(2), rank >= 1 else {
            return [ValueFact(.float32, nil as SymbolicShape?)]
        }
        return [.unknown(.float32, rank: rank - 1)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let hypothesis = try SparseTensor(context, 0), truth = try SparseTensor(context, 3)
        let rank = truth.rank
        guard rank == hypothesis.rank, rank >= 2 else {
            throw OperatorError.invalidInput(index: 2, reason: "has \(hypothesis.rank) extents, the truth \(rank); both need at least 2")
        }
        let extents = zip(hypothesis.extents, truth.extents).map { max($0, $1) }
        guard let shape = Shape(checking: Array(extents.dropLast())) else {
            throw OperatorError.invalidInput(index: 2, reason: "is no shape of a tensor")
        }
        let symbols = try Symbols(hypothesis.values, truth.values)
        let left = hypothesis.runs(along: rank - 1), right = truth.runs(along: rank - 1)
        let result = try context.zeros(TensorSpec(.float32, shape))
        let distances = result.storage.baseAddress.assumingMemoryBound(to: Float.self)
        let strides = shape.strides
        var i = 0, j = 0
        while i < left.count || j < right.count {
            try context.checkStop()
            let order = i == left.count ? 1 : j == right.count ? -1 : Self.compare(left[i].key, right[j].key)
            let key = order <= 0 ? left[i].key : right[j].key
            let place = zip(key, strides).reduce(0) { $0 + $1.0 * $1.1 }
            let a = order <= 0 ? left[i].positions : 0..<0, b = order >= 0 ? right[j].positions : 0..<0
            if order <= 0 { i += 1 }
            if order >= 0 { j += 1 }
            guard place >= 0, place < shape.elementCount else { continue }
            let distance = try Self.distance(a.map { symbols.left[$0] }, b.map { symbols.right[$0] }, context)
            distances[place] = !isNormalized ? Float(distance) : b.isEmpty ? (a.isEmpty ? 0 : .infinity) : Float(distance) / Float(b.count)
        }
        return [.tensor(result)]
    }

    private static func compare(_ left: [Int], _ right: [Int]) -> Int {
        left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
    }

    private static func distance(_ left: [Int], _ right: [Int], _ context: EvaluationContext) throws(OperatorError) -> Int {
        var line = Array(0...right.count)
        for (row, symbol) in left.enumerated() {
            if row % 64 == 0 { try context.checkStop() }
            var diagonal = line[0]
            line[0] = row + 1
            for column in right.indices {
                let above = line[column + 1]
                line[column + 1] = min(min(above, line[column]) + 1, diagonal + (symbol == right[column] ? 0 : 1))
                diagonal = above
            }
        }
        return line[right.count]
    }

    /// Numbers that are equal where the elements are.
    private struct Symbols {
        var left: [Int] = []
        var right: [Int] = []

        init(_ a: ElementList, _ b: ElementList) throws(OperatorError) {
            guard a.elementType == b.elementType else {
                throw .invalidInput(index: 4, reason: "is of type \(b.elementType), the hypothesis of \(a.elementType)")
            }
            var known: [ElementKey: Int] = [:]
            func number(_ key: ElementKey) -> Int {
                if let number = known[key] { return number }
                known[key] = known.count
                return known.count - 1
            }
            left = (0..<a.count).map { number(a.key($0)) }
            right = (0..<b.count).map { number(b.key($0)) }
        }
    }
}
