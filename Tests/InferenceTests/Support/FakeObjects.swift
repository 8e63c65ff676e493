import GraphIR
import Tensors

/// A dynamic operator made of closures, whose inputs may be anything.
struct FakeObjectOperator: DynamicOperator {
    let output: @Sendable (OperatorInputs) throws(OperatorError) -> ValueType
    let body: @Sendable (EvaluationContext) throws -> RuntimeValue

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { [ValueFact(try output(inputs))] }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] { [try body(context)] }
}

extension EvaluationContext {
    /// Input `index`, which is no dense tensor.
    fileprivate func object(_ index: Int) throws(OperatorError) -> RuntimeValue {
        guard case .object(let value) = try value(index) else { throw .invalidInput(index: index, reason: "is dense") }
        return value
    }

    fileprivate func elements(_ index: Int) throws(OperatorError) -> [RuntimeValue] {
        guard case .sequence(let elements) = try object(index) else { throw .invalidInput(index: index, reason: "is no sequence") }
        return elements
    }
}

extension Fakes {
    static let strings = ValueType.tensor(TensorType(.string, SymbolicShape([.unknown])))
    static let sequence = ValueType.sequence(.tensor(TensorType(.float32, nil)))
    static let optional = ValueType.optional(.tensor(TensorType(.float32, nil)))
    private static let float = ValueType.tensor(TensorType(.float32, nil))

    static let objectCatalog = OperatorCatalog(spellings + objectSpellings)

    private static func spelling(
        _ name: String, gives output: ValueType, _ body: @escaping @Sendable (EvaluationContext) throws -> RuntimeValue
    ) -> OperatorSpelling {
        .onnx(name) { _ throws(OperatorError) in FakeObjectOperator(output: { _ throws(OperatorError) in output }, body: body) }
    }

    private static let objectSpellings: [OperatorSpelling] = [
        spelling("Words", gives: strings) { context in
            let words = try context.required(0).values(Float.self).map { Array("\(Int($0))".utf8) }
            return .strings(StringTensor(shape: [words.count], elements: words))
        },
        spelling("Lengths", gives: .tensor(TensorType(.int64, SymbolicShape([.unknown])))) { context in
            guard case .strings(let words) = try context.object(0) else {
                throw OperatorError.invalidInput(index: 0, reason: "is no string")
            }
            return .tensor(Tensor(words.elements.map { Int64($0.count) }, shape: words.shape))
        },
        spelling("Sequence", gives: sequence) { context in
            .sequence(try context.inputs.indices.map { try context.copy(context.value($0)) })
        },
        spelling("Append", gives: sequence) { context in
            .sequence(try context.elements(0) + [context.copy(context.value(1))])
        },
        spelling("At", gives: float) { context in
            let elements = try context.elements(0), index = try context.required(1).integers?.first ?? 0
            guard elements.indices.contains(index) else { throw OperatorError.invalidInput(index: 1, reason: "is out of range: \(index)") }
            return elements[index]
        },
        spelling("Some", gives: optional) { context in
            .optional(context.has(0) ? try context.copy(context.value(0)) : nil)
        },
        spelling("Get", gives: float) { context in
            guard case .optional(let value?) = try context.object(0) else { throw OperatorError.invalidValue("the optional is empty") }
            return value
        },
    ]
}
