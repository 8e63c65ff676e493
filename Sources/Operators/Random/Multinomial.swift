import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Draws classes by the logarithms of their probabilities.
///
/// - Shapes: logits [batch, classes], count int32 [] → int32 or int64 [batch, count].
/// - Source: TensorFlow operators Multinomial and StatelessMultinomial; ONNX operator Multinomial (opset 7, 22), whose count is an
///   attribute.
struct Multinomial: DynamicOperator {
    let name: String
    let type: ElementType
    let source: RandomSource
    /// How many samples there are of each row of logits; nil when input 1 says it.
    var sampleCount: Int?

    var effects: Effects { source.effects }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let count = sampleCount == nil ? max(2, source.inputs.upperBound) : 1
        try inputs.checkCount(count...count)
        let logits = try inputs.required(0, of: ElementTypes.numbers)
        if let shape = logits.shape, shape.rank != 2 { throw .invalidInput(index: 0, reason: "has rank \(shape.rank), expected 2") }
        let samples: Dimension
        if let sampleCount { samples = .known(sampleCount) } else { samples = try Self.samples(inputs) }
        return [ValueFact(type, SymbolicShape([logits.shape?[0] ?? .unknown, samples]))]
    }

    private static func samples(_ inputs: OperatorInputs) throws(OperatorError) -> Dimension {
        let samples = try inputs.required(1, of: [.int32]).integers?.first.map(Dimension.known) ?? .unknown
        if let number = samples.value, number < 0 { throw .invalidInput(index: 1, reason: "is \(number)") }
        return samples
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let logits = try context.required(0), count = try sampleCount ?? context.integer(1)
        guard logits.shape.rank == 2, logits.shape[1] > 0, count >= 0 else {
            throw OperatorError.invalidValue("draws \(count) samples from logits \(logits.spec)")
        }
        let batchCount = logits.shape[0], classCount = logits.shape[1]
        let shape = try Shape(checked: [batchCount, count], what: "the samples")
        let values = try logits.elementType.numbers(logits)
        let reserved = UInt64(batchCount) &* (UInt64(count) &+ 3) / 4 * 4 &* 512
        let generator = try source.generator({ index throws(OperatorError) in try context.required(index) }, reserved: reserved)
        var numbers = SingleNumbers(generator)
        let result = try context.makeTensor(TensorSpec(type, shape)) { bytes in
            guard let target = bytes.baseAddress else { return }
            var sums = [Double](repeating: 0, count: classCount)
            for batch in 0..<batchCount {
                let row = values[batch * classCount..<(batch + 1) * classCount]
                let largest = row.filter(\.isFinite).max() ?? -.greatestFiniteMagnitude
                var total = 0.0
                for (place, logit) in row.enumerated() {
                    if logit.isFinite { total += exp(logit - largest) }
                    sums[place] = total
                }
                for sample in 0..<count {
                    let first = numbers.next(), second = numbers.next()
                    let wanted = RandomBits.double(first, second) * total
                    let found = sums.firstIndex { $0 > wanted } ?? classCount
                    type.store(Double(found), to: target, at: batch * count + sample)
                }
            }
        }
        return [.tensor(result)]
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("Multinomial") { reader throws(OperatorError) in
            Multinomial(
                name: "Multinomial", type: try reader.elementType("output_dtype", default: .int64, of: [.int32, .int64]),
                source: .own(try SeededGenerator(reader)))
        },
        .tensorFlow("StatelessMultinomial") { reader throws(OperatorError) in
            Multinomial(
                name: "StatelessMultinomial", type: try reader.elementType("output_dtype", default: .int64, of: [.int32, .int64]),
                source: .seed(2))
        },
        .onnx("Multinomial", since: 7) { reader throws(OperatorError) in
            let type = try reader.numberedType("dtype") ?? .int32
            guard type == .int32 || type == .int64 else { throw .unsupported("samples of type \(type)") }
            let count = try reader.integer("sample_size", default: 1)
            guard count >= 0, count <= Shape.maximumElementCount else {
                throw .invalidAttribute(name: "sample_size", reason: "is \(count), expected a count")
            }
            return Multinomial(
                name: "Multinomial", type: type, source: .own(try SeededGenerator(floatSeed: reader)), sampleCount: count)
        },
    ]
}
