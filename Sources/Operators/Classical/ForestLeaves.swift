/// What leaves add to which outputs, in the form that is added fastest.
enum ForestLeaves<Number: ForestNumber>: Sendable {
    /// Leaf l adds weights[l · width + o] to each output o, zeros after the last one; width is 1 or a multiple of 4.
    case dense([Number])
    /// Leaf l adds weights[l] to the output targets[l].
    case single([Number], targets: [UInt32])
    case lists(Lists)

    /// Leaf l adds weights[starts[l] ..< starts[l + 1]], each to its target.
    struct Lists: Sendable {
        let weights: [Number]
        let targets: [UInt32]
        let starts: [Int]
    }

    typealias Weights = [(output: Int, weight: Double)]

    /// - Parameter areSummed: whether an output that a leaf does not name may as well get a weight of 0.
    init(_ leaves: [Weights], outputCount: Int, areSummed: Bool) {
        let width = Self.width(outputCount), entryCount = leaves.reduce(0) { $0 + $1.count }
        if areSummed, 2 * entryCount >= leaves.count * width, leaves.allSatisfy(Self.namesOutputsOnce) {
            var weights = [Number](repeating: 0, count: leaves.count * width)
            for (leaf, entries) in leaves.enumerated() {
                for entry in entries { weights[leaf * width + entry.output] = Number(entry.weight) }
            }
            self = .dense(weights)
            return
        }
        let weights = leaves.flatMap { $0.map { Number($0.weight) } }, targets = leaves.flatMap { $0.map { UInt32($0.output) } }
        if areSummed, leaves.allSatisfy({ $0.count == 1 }) {
            self = .single(weights, targets: targets)
        } else {
            let starts = leaves.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
            self = .lists(Lists(weights: weights, targets: targets, starts: starts))
        }
    }

    /// The distance of the sums of neighbouring rows.
    static func width(_ outputCount: Int) -> Int { outputCount == 1 ? 1 : (outputCount + 3) / 4 * 4 }

    private static func namesOutputsOnce(_ leaf: Weights) -> Bool {
        leaf.count == 1 || Set(leaf.map(\.output)).count == leaf.count
    }
}

extension ForestLeaves<Float> {
    var widened: ForestLeaves<Double> {
        switch self {
        case .dense(let weights): return .dense(weights.map(Double.init))
        case .single(let weights, let targets): return .single(weights.map(Double.init), targets: targets)
        case .lists(let lists):
            return .lists(.init(weights: lists.weights.map(Double.init), targets: lists.targets, starts: lists.starts))
        }
    }
}
