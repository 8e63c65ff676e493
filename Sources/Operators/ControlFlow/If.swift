import GraphIR
import Tensors

/// One of two branches, chosen by a condition.
///
/// - Shapes: condition: a single bool → the outputs of the branch, which may differ in shape but not in type.
/// - Source: ONNX operator If; TensorFlow operators If and StatelessIf, whose branches capture their arguments.
struct If: SubgraphOperator {
    static let subgraphAttributes = ["then_branch", "else_branch"]
    var condition = Condition.bool

    /// The condition is a tensor; branches may give anything.
    var acceptsObjects: Bool { true }
    /// A condition that follows from shapes decides the branch when a plan is made.
    var shapeOperands: Set<Int> { [0] }

    var subgraphsAreAlternatives: Bool { true }

    func subgraphInputs(_ inputs: OperatorInputs) -> [[ValueFact]] { [[], []] }

    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        if condition == .bool { _ = try inputs.required(0, of: [.bool]) }
        guard subgraphOutputs.count == 2 else {
            throw .invalidValue("has \(subgraphOutputs.count) branches, expected 2")
        }
        let counts = subgraphOutputs.map(\.count)
        guard counts.allSatisfy({ $0 >= inputs.outputCount }) else {
            throw .invalidValue("has \(inputs.outputCount) outputs, its branches give \(counts[0]) and \(counts[1])")
        }
        if let selected = selectedSubgraph(inputs) { return subgraphOutputs[selected] }
        return try Branches.join(subgraphOutputs, count: inputs.outputCount, names: Self.subgraphAttributes)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.isFixed(0) else { return .mixed("chooses one branch for all rows by what rows hold") }
        return Branches.rows(inputs, count: 2)
    }

    func selectedSubgraph(_ inputs: OperatorInputs) -> Int? {
        guard let fact = inputs[0], fact.valueType.tensor != nil, let holds = condition.holds(fact) else { return nil }
        return holds ? 0 : 1
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let holds = try condition.holds(context, 0)
        return try Branches.run(holds ? 0 : 1, context)
    }
}

extension ValueType {
    /// What holds of both types; nil when they are not of one kind and element type.
    static func join(_ left: ValueType, _ right: ValueType) -> ValueType? {
        switch (left, right) {
        case (.tensor(let a), .tensor(let b)):
            guard a.elementType == b.elementType else { return nil }
            return .tensor(TensorType(a.elementType, SymbolicShape.join(a.shape, b.shape)))
        case (.list(let a), .list(let b)):
            guard a.elementType == b.elementType else { return nil }
            return .list(TensorType(a.elementType, SymbolicShape.join(a.shape, b.shape)))
        case (.resource(let a), .resource(let b)): return ResourceKind.join(a, b).map(ValueType.resource)
        case (.sequence(let a), .sequence(let b)): return join(a, b).map(ValueType.sequence)
        case (.optional(let a), .optional(let b)): return join(a, b).map(ValueType.optional)
        default: return left == right ? left : nil
        }
    }
}

extension ResourceKind {
    /// What holds of both; nil when they are of different kinds.
    static func join(_ left: ResourceKind, _ right: ResourceKind) -> ResourceKind? {
        switch (left, right) {
        case (.variable(let a), .variable(let b)) where a.elementType == b.elementType:
            .variable(TensorType(a.elementType, SymbolicShape.join(a.shape, b.shape)))
        case (.array(let a), .array(let b)) where a.elementType == b.elementType:
            .array(TensorType(a.elementType, SymbolicShape.join(a.shape, b.shape)))
        case (.table(let key, let a), .table(let otherKey, let b)) where key == otherKey && a.elementType == b.elementType:
            .table(key: key, value: TensorType(a.elementType, SymbolicShape.join(a.shape, b.shape)))
        default: left == right ? left : nil
        }
    }
}

extension SymbolicShape {
    /// What holds of both shapes: nil when the ranks differ, `.unknown` where extents differ.
    static func join(_ left: SymbolicShape?, _ right: SymbolicShape?) -> SymbolicShape? {
        guard let left, let right, left.rank == right.rank else { return nil }
        return SymbolicShape(zip(left.dimensions, right.dimensions).map { $0 == $1 ? $0 : .unknown })
    }
}
