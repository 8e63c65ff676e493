import GraphIR
import Tensors

/// One of two branches, chosen by a condition.
///
/// - Shapes: condition: a single bool → the outputs of the branch, which may differ in shape but not in type.
/// - Source: ONNX operator If.
struct If: SubgraphOperator {
    static let subgraphAttributes = ["then_branch", "else_branch"]
    /// The condition is a tensor; branches may give anything.
    var acceptsObjects: Bool { true }
    /// A condition that follows from shapes decides the branch when a plan is made.
    var shapeOperands: Set<Int> { [0] }

    func subgraphInputs(_ inputs: OperatorInputs) -> [[ValueFact]] { [[], []] }

    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        _ = try inputs.required(0, of: [.bool])
        guard subgraphOutputs.count == 2 else {
            throw .invalidValue("has \(subgraphOutputs.count) branches, expected 2")
        }
        let counts = subgraphOutputs.map(\.count)
        guard counts.allSatisfy({ $0 >= inputs.outputCount }) else {
            throw .invalidValue("has \(inputs.outputCount) outputs, its branches give \(counts[0]) and \(counts[1])")
        }
        if let selected = selectedSubgraph(inputs) { return subgraphOutputs[selected] }
        var outputs: [ValueFact] = []
        for index in 0..<inputs.outputCount {
            let left = subgraphOutputs[0][index], right = subgraphOutputs[1][index]
            guard let joined = ValueType.join(left.valueType, right.valueType) else {
                throw .invalidValue(
                    "output \(index) is \(left.valueType) in then_branch and \(right.valueType) in else_branch; the types "
                        + "must agree"
                )
            }
            outputs.append(ValueFact(joined))
        }
        return outputs
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.isFixed(0) else { return .mixed("chooses one branch for all rows by what rows hold") }
        guard let left = inputs.subgraphOutputs(0, []), let right = inputs.subgraphOutputs(1, []) else {
            return .mixed("has a branch that mixes rows")
        }
        let count = inputs.outputs.count
        guard left.count >= count, right.count >= count, left.prefix(count) == right.prefix(count) else {
            return .mixed("has branches that carry rows differently")
        }
        return .states(Array(left.prefix(count)))
    }

    func selectedSubgraph(_ inputs: OperatorInputs) -> Int? {
        guard let condition = inputs[0]?.integers, condition.count == 1 else { return nil }
        return condition[0] != 0 ? 0 : 1
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let condition = try context.flag(0)
        let outputs = try context.run(subgraph: condition ? 0 : 1, inputs: [])
        guard outputs.count >= context.outputCount else {
            throw OperatorError.invalidValue("its branch gives \(outputs.count) outputs, expected \(context.outputCount)")
        }
        return Array(outputs.prefix(context.outputCount))
    }
}

extension ValueType {
    /// What holds of both types; nil when they are not of one kind and element type.
    static func join(_ left: ValueType, _ right: ValueType) -> ValueType? {
        switch (left, right) {
        case (.tensor(let a), .tensor(let b)):
            guard a.elementType == b.elementType else { return nil }
            return .tensor(TensorType(a.elementType, SymbolicShape.join(a.shape, b.shape)))
        case (.sequence(let a), .sequence(let b)): return join(a, b).map(ValueType.sequence)
        case (.optional(let a), .optional(let b)): return join(a, b).map(ValueType.optional)
        default: return left == right ? left : nil
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

extension EvaluationContext {
    /// The single bool that input `index` holds.
    func flag(_ index: Int) throws(OperatorError) -> Bool {
        let view = try required(index)
        guard view.elementType == .bool, view.elementCount == 1 else {
            throw .invalidInput(index: index, reason: "is \(view.spec), expected a single bool")
        }
        return view.bytes[0] != 0
    }
}
