import GraphIR
import Tensors

/// Scores of the next word, −inf where the word would end a run of words that has been there before.
///
/// - Shapes: words [B, S], scores [B, V] → [B, V].
/// - Types: words int64, scores float32.
/// - Source: onnxruntime's NGramRepeatBlock (com.microsoft).
struct NGramRepeatBlock: Operator {
    /// Words of a run.
    let size: Int

    init(_ reader: AttributeReader) throws(OperatorError) {
        guard let size = try reader.integer("ngram_size"), size >= 1 else {
            throw .invalidAttribute(name: "ngram_size", reason: "is missing or below 1")
        }
        self.size = size
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let words = try inputs.required(0, of: [.int64]), scores = try inputs.required(1, of: [.float32])
        for (index, fact) in [words, scores].enumerated() {
            if let rank = fact.rank, rank != 2 { throw .invalidInput(index: index, reason: "has rank \(rank), expected 2") }
        }
        if let a = words.shape, let b = scores.shape, Dimension.unified(a[0], b[0]) == nil {
            throw .invalidInput(index: 1, reason: "is \(b), expected scores for each line of \(a)")
        }
        return [ValueFact(scores.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.entrywise([0, 1]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let words = try context.input(0).shape, count = try context.input(1).shape[1], size = size
        return CompiledOperator(
            LoopKernel { (context) throws(OperatorError) in
                let x = context.input(1, as: Float.self), y = context.output(0, as: Float.self)
                if UnsafePointer(y) != x { y.update(from: x, count: words[0] * count) }
                guard size <= words[1] else { return }
                for line in 0..<words[0] {
                    let history = context.input(0, as: Int64.self) + line * words[1], last = words[1] - (size - 1)
                    for first in 0...words[1] - size {
                        guard (0..<size - 1).allSatisfy({ history[first + $0] == history[last + $0] }) else { continue }
                        let word = history[first + size - 1]
                        guard word >= 0, word < Int64(count) else {
                            throw .invalidValue("word \(word) is outside the \(count) that have scores")
                        }
                        y[line * count + Int(word)] = -.infinity
                    }
                }
            }, inPlace: [InPlace(output: 0, input: 1)])
    }
}
