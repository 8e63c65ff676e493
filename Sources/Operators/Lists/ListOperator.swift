import GraphIR
import Tensors

/// One of the operators on lists of tensors, which all are dynamic and differ in what they do to a list.
struct ListOperator: DynamicOperator {
    /// What rewrites look for.
    enum Role: Sendable, Equatable {
        /// A list of so many places (input 1), none of them set.
        case reserve
        /// The parts of a tensor (input 0).
        case fromTensor
        /// Element number input 1 of the list input 0.
        case get
        /// The list input 0 with input 2 as its element number input 1.
        case set(grows: Bool)
        /// All elements as one tensor; as many as `count` says when it is not negative.
        case stack(count: Int)
    }

    let name: String
    var role: Role?
    let inputCount: ClosedRange<Int>
    let type: @Sendable (OperatorInputs) throws(OperatorError) -> [ValueFact]
    let run: @Sendable (EvaluationContext) throws(OperatorError) -> [RuntimeValue]

    init(
        _ name: String, inputs: ClosedRange<Int>, type: @escaping @Sendable (OperatorInputs) throws(OperatorError) -> [ValueFact],
        run: @escaping @Sendable (EvaluationContext) throws(OperatorError) -> [RuntimeValue]
    ) {
        (self.name, inputCount, self.type, self.run) = (name, inputs, type, run)
    }

    func playing(_ role: Role) -> ListOperator {
        var copy = self
        copy.role = role
        return copy
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(inputCount)
        return try type(inputs)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] { try run(context) }
}

extension ValueFact {
    init(listOf elementType: ElementType, _ shape: SymbolicShape?) { self.init(.list(TensorType(elementType, shape))) }
}
