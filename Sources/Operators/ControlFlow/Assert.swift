import GraphIR
import Tensors

/// Refuses a request whose condition does not hold, and says what the model says of it.
///
/// - Inputs: a single bool, then any tensors to show.
/// - Source: TensorFlow operator Assert.
struct Assert: DynamicOperator {
    /// How many elements of each tensor are shown; all when negative.
    let shownCount: Int

    var acceptsObjects: Bool { true }
    var effects: Effects { .checks }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        _ = try inputs.required(0, of: [.bool])
        return []
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        guard try !context.flag(0) else { return [] }
        let shown = try (1..<max(context.inputs.count, 1)).map { "[\(text(try context.value($0)))]" }
        throw OperatorError.invalidValue("assertion failed: \(shown.joined(separator: " "))")
    }

    private func text(_ value: ValueView) -> String {
        switch value {
        case .dense(let view):
            let count = shownCount < 0 ? view.elementCount : min(shownCount, view.elementCount)
            var texts: [String]
            switch view.elementType {
            case .float32: texts = view.values(Float.self).prefix(count).map { "\($0)" }
            case .float64: texts = view.values(Double.self).prefix(count).map { "\($0)" }
            case .float16, .bfloat16: texts = ((try? view.elementType.numbers(view)) ?? []).prefix(count).map { "\(Float($0))" }
            default: texts = (view.integers ?? []).prefix(count).map { "\($0)" }
            }
            if count < view.elementCount { texts.append("...") }
            return texts.joined(separator: " ")
        case .object(.strings(let strings)):
            let count = shownCount < 0 ? strings.elements.count : min(shownCount, strings.elements.count)
            // What is shown of a request goes into an answer: it is held to a length.
            var texts = strings.elements.prefix(count).map { String(decoding: $0.prefix(1000), as: UTF8.self) }
            if count < strings.elements.count { texts.append("...") }
            return texts.joined(separator: " ")
        case .object(let other): return other.kind
        }
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("Assert") { reader throws(OperatorError) in Assert(shownCount: try reader.integer("summarize", default: 3)) }
    ]
}
