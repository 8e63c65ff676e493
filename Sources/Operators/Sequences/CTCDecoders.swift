import GraphIR
import Tensors

/// The best class of every step, without blanks and, where wanted, without repetitions.
///
/// - Shapes: scores [time, batch, classes], lengths int32 [batch] → a sparse tensor int64 and log_probability [batch, 1], which is the
///   negative sum of the best scores.
/// - Source: TensorFlow operator CTCGreedyDecoder.
struct CTCGreedyDecoder: DynamicOperator {
    let mergesRepeated: Bool
    /// Counts from the end when negative.
    let blank: Int

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        _ = try inputs.required(1, of: [.int32])
        return CTCSequences.facts(pathCount: 1, try inputs.required(0, of: [.float32, .float64]))
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let inputs = try CTCInputs(context, lengths: 1)
        let blank = self.blank < 0 ? self.blank + inputs.classCount : self.blank
        guard blank >= 0, blank < inputs.classCount else {
            throw OperatorError.invalidAttribute(name: "blank_index", reason: "is \(self.blank) of \(inputs.classCount) classes")
        }
        var sequences: [[Int]] = []
        var sums: [Double] = []
        for batch in 0..<inputs.batchCount {
            var sequence: [Int] = [], last = -1, sum = 0.0
            for step in 0..<inputs.lengths[batch] {
                let row = inputs.row(step, batch)
                var best = row.startIndex
                for index in row.indices where row[index] > row[best] { best = index }
                sum -= row[best]
                let label = best - row.startIndex
                if label != blank, !(mergesRepeated && label == last) { sequence.append(label) }
                last = label
            }
            sequences.append(sequence)
            sums.append(sum)
        }
        return try CTCSequences(paths: [sequences]).outputs(context) + [try CTCDecoders.tensor(sums, inputs, 1, context)]
    }
}

/// The best sequences of labels, each with the probability of all the ways to write it.
///
/// - Shapes: scores [time, batch, classes], the last class being the blank, lengths int32 [batch] → as many sparse tensors int64 as
///   paths are wanted and log_probability [batch, paths].
/// - Source: TensorFlow operator CTCBeamSearchDecoder; Graves, "Supervised sequence labelling with recurrent neural networks", 2012.
struct CTCBeamSearchDecoder: DynamicOperator {
    let beamWidth: Int
    let pathCount: Int
    let mergesRepeated: Bool

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        guard beamWidth > 0, beamWidth <= 1 << 20, pathCount > 0, pathCount <= beamWidth else {
            throw .invalidAttribute(name: "top_paths", reason: "is \(pathCount) of a beam of \(beamWidth)")
        }
        _ = try inputs.required(1, of: [.int32])
        return CTCSequences.facts(pathCount: pathCount, try inputs.required(0, of: [.float32, .float64]))
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let inputs = try CTCInputs(context, lengths: 1)
        var paths = [[[Int]]](repeating: [], count: pathCount)
        var scores: [Double] = []
        for batch in 0..<inputs.batchCount {
            var beam = CTCBeam(width: beamWidth)
            for step in 0..<inputs.lengths[batch] {
                try context.checkStop()
                beam.step(Array(inputs.row(step, batch)))
            }
            guard beam.leaves.count >= pathCount else {
                throw OperatorError.invalidValue("finds \(beam.leaves.count) sequences, \(pathCount) are wanted")
            }
            for path in 0..<pathCount {
                paths[path].append(beam.leaves[path].labels(mergesRepeated: mergesRepeated))
                scores.append(beam.leaves[path].new.total)
            }
        }
        return try CTCSequences(paths: paths).outputs(context) + [try CTCDecoders.tensor(scores, inputs, pathCount, context)]
    }
}

/// A beam search's state.
private struct CTCBeam {
    struct Probability {
        var total = -Double.infinity
        var blank = -Double.infinity
        var label = -Double.infinity
    }

    /// A sequence of labels: its last one, and the sequence before it.
    final class Entry {
        let parent: Entry?
        let label: Int
        var children: [Int: Entry] = [:]
        var old = Probability()
        var new = Probability()

        init(_ parent: Entry?, _ label: Int) { (self.parent, self.label) = (parent, label) }

        var isActive: Bool { new.total != -.infinity }

        func labels(mergesRepeated: Bool) -> [Int] {
            var labels: [Int] = [], last = -1
            var entry = self
            while let parent = entry.parent {
                if !mergesRepeated || entry.label != last { labels.append(entry.label) }
                last = entry.label
                entry = parent
            }
            return labels.reversed()
        }
    }

    let width: Int
    /// The likeliest sequences, the best first.
    private(set) var leaves: [Entry]

    init(width: Int) {
        self.width = width
        let root = Entry(nil, -1)
        root.new.total = 0
        root.new.blank = 0
        leaves = [root]
    }

    mutating func step(_ scores: [Double]) {
        let largest = scores.max() ?? 0
        let norm = largest + CTCMath.log(scores.reduce(0) { $0 + CTCMath.exp($1 - largest) })
        let blank = scores.count - 1
        let branches = leaves
        leaves = []
        for entry in branches { entry.old = entry.new }
        for entry in branches {
            if let parent = entry.parent {
                if parent.isActive {
                    let previous = entry.label == parent.label ? parent.old.blank : parent.old.total
                    entry.new.label = CTCInputs.logSum(entry.new.label, previous)
                }
                entry.new.label += scores[entry.label] - norm
            }
            entry.new.blank = entry.old.total + scores[blank] - norm
            entry.new.total = CTCInputs.logSum(entry.new.blank, entry.new.label)
            push(entry)
        }
        for entry in branches where isCandidate(entry.old.total) {
            for label in 0..<blank {
                if let child = entry.children[label], child.isActive { continue }
                let previous = label == entry.label ? entry.old.blank : entry.old.total
                let total = scores[label] - norm + previous
                guard isCandidate(total) else {
                    entry.children[label]?.old = Probability()
                    continue
                }
                let child = entry.children[label] ?? Entry(entry, label)
                entry.children[label] = child
                child.new = Probability(total: total, blank: -.infinity, label: total)
                if leaves.count == width { leaves.removeLast().new = Probability() }
                push(child)
            }
        }
    }

    private func isCandidate(_ total: Double) -> Bool {
        guard total > -.infinity else { return false }
        return leaves.count < width || total > (leaves.last?.new.total ?? -.infinity)
    }

    private mutating func push(_ entry: Entry) {
        var low = 0, high = leaves.count
        while low < high {
            let middle = (low + high) / 2
            if leaves[middle].new.total >= entry.new.total { low = middle + 1 } else { high = middle }
        }
        leaves.insert(entry, at: low)
        if leaves.count > width { leaves.removeLast() }
    }
}

enum CTCDecoders {
    static func tensor(
        _ numbers: [Double], _ inputs: CTCInputs, _ width: Int, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        .tensor(
            try context.makeTensor(TensorSpec(inputs.type, [inputs.batchCount, width])) { bytes in
                guard let target = bytes.baseAddress else { return }
                for (place, number) in numbers.enumerated() { inputs.type.store(number, to: target, at: place) }
            })
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("CTCGreedyDecoder") { reader throws(OperatorError) in
            CTCGreedyDecoder(
                mergesRepeated: try reader.flag("merge_repeated", default: false), blank: try reader.integer("blank_index", default: -1))
        },
        .tensorFlow("CTCBeamSearchDecoder") { reader throws(OperatorError) in
            CTCBeamSearchDecoder(
                beamWidth: try reader.integer("beam_width", default: 0), pathCount: try reader.integer("top_paths", default: 0),
                mergesRepeated: try reader.flag("merge_repeated", default: true))
        },
        .tensorFlow("CTCLoss") { reader throws(OperatorError) in
            CTCLoss(
                collapsesRepeated: try reader.flag("preprocess_collapse_repeated", default: false),
                mergesRepeated: try reader.flag("ctc_merge_repeated", default: true),
                ignoresLonger: try reader.flag("ignore_longer_outputs_than_inputs", default: false))
        },
    ]
}
