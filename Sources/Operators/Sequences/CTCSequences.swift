import GraphIR
import Tensors

/// What CTC operators have in common: scores of classes over time, and how long each sequence is.
struct CTCInputs {
    let scores: [Double]
    let stepCount: Int
    let batchCount: Int
    let classCount: Int
    let lengths: [Int]
    let type: ElementType

    /// - Shapes: scores [time, batch, classes], lengths int32 [batch].
    init(_ context: EvaluationContext, lengths index: Int) throws(OperatorError) {
        let view = try context.required(0), lengths = try context.required(index)
        guard view.shape.rank == 3, view.elementType == .float32 || view.elementType == .float64, view.elementCount > 0 else {
            throw .invalidInput(index: 0, reason: "is \(view.spec), expected scores [time, batch, classes]")
        }
        (stepCount, batchCount, classCount) = (view.shape[0], view.shape[1], view.shape[2])
        guard lengths.shape == [batchCount], let counts = lengths.integers else {
            throw .invalidInput(index: index, reason: "is \(lengths.spec), expected a length for each of \(batchCount) sequences")
        }
        for count in counts where count > view.shape[0] || count < 0 {
            throw .invalidInput(index: index, reason: "holds the length \(count) of sequences of \(view.shape[0]) steps")
        }
        self.lengths = counts
        type = view.elementType
        scores = try view.elementType.numbers(view)
    }

    /// The scores of the classes at one step of one sequence.
    func row(_ step: Int, _ batch: Int) -> ArraySlice<Double> {
        let first = (step * batchCount + batch) * classCount
        return scores[first..<first + classCount]
    }

    /// The logarithm of the sum of exponentials of both.
    static func logSum(_ left: Double, _ right: Double) -> Double {
        if left == -.infinity { return right }
        if right == -.infinity { return left }
        return max(left, right) + CTCMath.log1p(CTCMath.exp(-abs(left - right)))
    }
}

/// Decoded sequences as sparse tensors.
struct CTCSequences {
    /// By path, then by sequence.
    let paths: [[[Int]]]

    /// Indices of all paths, then values, then shapes.
    func outputs(_ context: EvaluationContext) throws(OperatorError) -> [RuntimeValue] {
        var indices: [RuntimeValue] = [], values: [RuntimeValue] = [], shapes: [RuntimeValue] = []
        for path in paths {
            let count = path.reduce(0) { $0 + $1.count }
            indices.append(
                .tensor(
                    try context.makeTensor(TensorSpec(.int64, [count, 2])) { bytes in
                        let target = bytes.bindMemory(to: Int64.self)
                        var place = 0
                        for (batch, sequence) in path.enumerated() {
                            for step in sequence.indices {
                                (target[place], target[place + 1]) = (Int64(batch), Int64(step))
                                place += 2
                            }
                        }
                    }))
            values.append(
                .tensor(
                    try context.makeTensor(TensorSpec(.int64, [count])) { bytes in
                        let target = bytes.bindMemory(to: Int64.self)
                        for (place, label) in path.joined().enumerated() { target[place] = Int64(label) }
                    }))
            let longest = path.map(\.count).max() ?? 0
            shapes.append(.tensor(Tensor([Int64(path.count), Int64(longest)], shape: [2])))
        }
        return indices + values + shapes
    }

    static func facts(pathCount: Int, _ scores: ValueFact) -> [ValueFact] {
        let batch = scores.shape.flatMap { $0.rank == 3 ? $0[1] : nil } ?? .unknown
        return Array(repeating: ValueFact(.int64, SymbolicShape([.unknown, .known(2)])), count: pathCount)
            + Array(repeating: ValueFact(.int64, SymbolicShape([.unknown])), count: pathCount)
            + Array(repeating: ValueFact(.int64, [2] as Shape), count: pathCount)
            + [ValueFact(scores.elementType, SymbolicShape([batch, .known(pathCount)]))]
    }
}
