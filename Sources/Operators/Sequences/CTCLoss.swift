import GraphIR
import Tensors

/// How unlikely labels are given scores over time, and the gradient with respect to the scores.
///
/// - Shapes: scores [time, batch, classes], the last class being the blank; labels as a sparse tensor: indices int64 [n, 2], values
///   int32 [n]; lengths int32 [batch] → loss [batch], gradient [time, batch, classes].
/// - Source: TensorFlow operator CTCLoss; Graves, "Supervised sequence labelling with recurrent neural networks", 2012, chapter 7.
struct CTCLoss: DynamicOperator {
    let collapsesRepeated: Bool
    let mergesRepeated: Bool
    let ignoresLonger: Bool

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let scores = try inputs.required(0, of: [.float32, .float64])
        _ = try inputs.required(1, of: [.int64])
        _ = try inputs.required(2, of: [.int32])
        _ = try inputs.required(3, of: [.int32])
        let batch = scores.shape.flatMap { $0.rank == 3 ? $0[1] : nil } ?? .unknown
        return [ValueFact(scores.elementType, SymbolicShape([batch])), ValueFact(scores.type)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let inputs = try CTCInputs(context, lengths: 3)
        let labels = try labels(context, inputs)
        var losses = [Double](repeating: 0, count: inputs.batchCount)
        var gradients: [Double] = []
        // Two tables of steps by labels, probabilities and gradients.
        let longest = labels.map(\.count).max() ?? 0
        let cells = ByteCount.product(inputs.stepCount, ByteCount.sum(ByteCount.product(longest, 4), 2, inputs.classCount * 2))
        try context.withScratch(ByteCount.sum(ByteCount.product(cells, 8), ByteCount.of(Double.self, inputs.scores.count))) {
            () throws(OperatorError) in
            gradients = [Double](repeating: 0, count: inputs.scores.count)
            for batch in 0..<inputs.batchCount {
                try context.checkStop()
                let length = inputs.lengths[batch]
                let extended = try extended(labels[batch], inputs.classCount, length: length, batch)
                if length == 0 || ignoresLonger && labels[batch].count > length { continue }
                losses[batch] = loss(extended, batch, length, inputs, &gradients)
            }
        }
        return [
            .tensor(
                try context.makeTensor(TensorSpec(inputs.type, [inputs.batchCount])) { bytes in
                    guard let target = bytes.baseAddress else { return }
                    for (place, number) in losses.enumerated() { inputs.type.store(number, to: target, at: place) }
                }),
            .tensor(
                try context.makeTensor(TensorSpec(inputs.type, [inputs.stepCount, inputs.batchCount, inputs.classCount])) { bytes in
                    guard let target = bytes.baseAddress else { return }
                    for (place, number) in gradients.enumerated() { inputs.type.store(number, to: target, at: place) }
                }),
        ]
    }

    /// The labels of each sequence.
    private func labels(_ context: EvaluationContext, _ inputs: CTCInputs) throws(OperatorError) -> [[Int]] {
        let indices = try context.required(1), values = try context.integers(2)
        guard indices.shape == [values.count, 2], let places = indices.integers else {
            throw .invalidInput(index: 1, reason: "is \(indices.spec), expected two indices for each of \(values.count) labels")
        }
        var labels = [[Int]](repeating: [], count: inputs.batchCount)
        for (place, value) in values.enumerated() {
            let batch = places[place * 2]
            guard batch >= 0, batch < inputs.batchCount else {
                throw .invalidInput(index: 1, reason: "has a label of sequence \(batch), there are \(inputs.batchCount)")
            }
            labels[batch].append(value)
        }
        return labels
    }

    /// The labels with a blank before each and at the end.
    private func extended(_ labels: [Int], _ classCount: Int, length: Int, _ batch: Int) throws(OperatorError) -> [Int] {
        guard !labels.isEmpty else { throw .invalidValue("has no labels of sequence \(batch)") }
        var kept: [Int] = [], hasEnded = false
        for (place, label) in labels.enumerated() {
            if place > 0, collapsesRepeated, label == labels[place - 1] { continue }
            guard label >= 0 else { throw .invalidValue("has the label \(label) in sequence \(batch)") }
            if label >= classCount - 1 {
                hasEnded = true
            } else {
                guard !hasEnded else { throw .invalidValue("has a label after the end of the labels of sequence \(batch)") }
                kept.append(label)
            }
        }
        guard ignoresLonger || labels.count <= length else {
            throw .invalidValue("has \(labels.count) labels of sequence \(batch), which has \(length) steps")
        }
        return kept.flatMap { [classCount - 1, $0] } + [classCount - 1]
    }

    /// - Returns: the negative logarithm of the labels' probability.
    private func loss(_ labels: [Int], _ batch: Int, _ steps: Int, _ inputs: CTCInputs, _ gradients: inout [Double]) -> Double {
        let count = labels.count, classCount = inputs.classCount
        var probabilities = [Double](repeating: 0, count: steps * classCount)
        for step in 0..<steps {
            let row = inputs.row(step, batch), largest = row.max() ?? 0
            let exponentials = row.map { CTCMath.exp($0 - largest) }, sum = exponentials.reduce(0, +)
            for (label, value) in exponentials.enumerated() { probabilities[step * classCount + label] = value / sum }
        }
        let logarithms = probabilities.map(CTCMath.log)
        func score(_ place: Int, _ step: Int) -> Double { logarithms[step * classCount + labels[place]] }
        let alpha = forward(labels, steps, blank: classCount - 1, score), beta = backward(labels, steps, blank: classCount - 1, score)
        var total = -Double.infinity
        for place in 0..<count { total = CTCInputs.logSum(total, alpha[place] + beta[place]) }
        for step in 0..<steps {
            let first = (step * inputs.batchCount + batch) * classCount
            var sums = [Double](repeating: -.infinity, count: classCount)
            if total > -.infinity {
                for place in 0..<count {
                    sums[labels[place]] = CTCInputs.logSum(sums[labels[place]], alpha[step * count + place] + beta[step * count + place])
                }
            }
            for label in 0..<classCount {
                let wanted = total > -.infinity ? CTCMath.exp(sums[label] - total) : 0
                gradients[first + label] = probabilities[step * classCount + label] - wanted
            }
        }
        return -total
    }

    /// The places of the labels that can be reached by `step` and from which the end can still be reached.
    private func places(_ step: Int, _ steps: Int, _ count: Int) -> Range<Int> {
        let first = max(0, count - 2 * (steps - step)), last = min(count, 2 * (step + 1))
        return first..<max(first, last)
    }

    private func forward(_ labels: [Int], _ steps: Int, blank: Int, _ score: (Int, Int) -> Double) -> [Double] {
        let count = labels.count
        var alpha = [Double](repeating: -.infinity, count: steps * count)
        alpha[0] = score(0, 0)
        if count > 1 { alpha[1] = score(1, 0) }
        for step in 1..<max(steps, 1) {
            for place in places(step, steps, count) {
                let before = (step - 1) * count
                var sum = -Double.infinity
                if mergesRepeated || labels[place] == blank { sum = alpha[before + place] }
                if place > 0 { sum = CTCInputs.logSum(sum, alpha[before + place - 1]) }
                if place > 1, labels[place] != blank, !(mergesRepeated && labels[place] == labels[place - 2]) {
                    sum = CTCInputs.logSum(sum, alpha[before + place - 2])
                }
                alpha[step * count + place] = sum + score(place, step)
            }
        }
        return alpha
    }

    private func backward(_ labels: [Int], _ steps: Int, blank: Int, _ score: (Int, Int) -> Double) -> [Double] {
        let count = labels.count
        var beta = [Double](repeating: -.infinity, count: steps * count)
        for place in max(0, count - 2)..<count { beta[(steps - 1) * count + place] = 0 }
        for step in stride(from: steps - 2, through: 0, by: -1) {
            for place in places(step, steps, count) {
                let after = (step + 1) * count
                var sum = -Double.infinity
                if mergesRepeated || labels[place] == blank { sum = beta[after + place] + score(place, step + 1) }
                if place + 1 < count { sum = CTCInputs.logSum(sum, beta[after + place + 1] + score(place + 1, step + 1)) }
                if place + 2 < count, labels[place] != blank, !(mergesRepeated && labels[place] == labels[place + 2]) {
                    sum = CTCInputs.logSum(sum, beta[after + place + 2] + score(place + 2, step + 1))
                }
                beta[step * count + place] = sum
            }
        }
        return beta
    }
}
