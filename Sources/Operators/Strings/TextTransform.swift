import GraphIR
import Tensors

/// A string from each string.
///
/// - Shapes: string [A…] → string [A…].
struct TextTransform: DynamicOperator {
    let name: String
    let transform: @Sendable ([UInt8]) throws(OperatorError) -> [UInt8]

    init(_ name: String, _ transform: @escaping @Sendable ([UInt8]) throws(OperatorError) -> [UInt8]) {
        self.name = name
        self.transform = transform
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(.string, try inputs.text(0).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0)
        let builder = try TextBuilder(context, capacity: texts.elements.count)
        for text in texts.elements { try builder.append(try transform(text)) }
        return [try builder.tensor(texts.shape)]
    }
}

/// A number from each string.
///
/// - Shapes: string [A…] → numbers [A…].
struct TextMeasure<Scalar: TensorScalar>: DynamicOperator {
    let name: String
    let measure: @Sendable ([UInt8]) throws(OperatorError) -> Scalar

    init(_ name: String, _ measure: @escaping @Sendable ([UInt8]) throws(OperatorError) -> Scalar) {
        self.name = name
        self.measure = measure
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(Scalar.elementType, try inputs.text(0).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0)
        var failure: OperatorError?
        let result = try context.makeTensor(TensorSpec(Scalar.elementType, texts.shape)) { bytes in
            let numbers = bytes.bindMemory(to: Scalar.self)
            for (place, text) in texts.elements.enumerated() {
                do throws(OperatorError) { numbers[place] = try measure(text) } catch {
                    failure = error
                    return
                }
            }
        }
        if let failure { throw failure }
        return [.tensor(result)]
    }
}

extension OperatorError {
    /// `text` as a message shows it: cut when it is long.
    static func shown(_ text: [UInt8]) -> String {
        let limit = 80
        return String(decoding: text.prefix(limit), as: UTF8.self) + (text.count > limit ? "…" : "")
    }
}
