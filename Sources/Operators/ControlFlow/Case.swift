import GraphIR
import Tensors

/// One of several branches, chosen by number; the last one for a number outside.
///
/// - Shapes: branch number: an int32 scalar → the outputs of the branch, which may differ in shape but not in type.
/// - Source: TensorFlow operators Case and StatelessCase, whose branches capture their arguments.
struct Case: SubgraphOperator {
    static let subgraphAttributes = ["branches"]
    let branchCount: Int

    var acceptsObjects: Bool { true }
    var shapeOperands: Set<Int> { [0] }
    var subgraphsAreAlternatives: Bool { true }

    func subgraphInputs(_ inputs: OperatorInputs) -> [[ValueFact]] { Array(repeating: [], count: branchCount) }

    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let number = try inputs.required(0, of: [.int32])
        if let shape = number.shape, shape.rank != 0 {
            throw .invalidInput(index: 0, reason: "has shape \(shape), expected a scalar")
        }
        guard subgraphOutputs.count == branchCount, branchCount > 0 else {
            throw .invalidValue("has \(subgraphOutputs.count) branches, expected at least 1")
        }
        for branch in subgraphOutputs where branch.count < inputs.outputCount {
            throw .invalidValue("has \(inputs.outputCount) outputs, a branch gives \(branch.count)")
        }
        if let selected = selectedSubgraph(inputs) { return subgraphOutputs[selected] }
        return try Branches.join(subgraphOutputs, count: inputs.outputCount)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.isFixed(0) else { return .mixed("chooses one branch for all rows by what rows hold") }
        return Branches.rows(inputs, count: branchCount)
    }

    func selectedSubgraph(_ inputs: OperatorInputs) -> Int? {
        guard let number = inputs[0]?.integers, number.count == 1 else { return nil }
        return branch(number[0])
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let view = try context.required(0)
        guard view.elementType == .int32, let number = view.integers?.first, view.elementCount == 1 else {
            throw OperatorError.invalidInput(index: 0, reason: "is \(view.spec), expected a single int32")
        }
        return try Branches.run(branch(number), context)
    }

    private func branch(_ number: Int) -> Int { number >= 0 && number < branchCount ? number : branchCount - 1 }

    static let spellings: [OperatorSpelling] = ["Case", "StatelessCase"].map { name in
        .tensorFlow(name) { reader throws(OperatorError) in
            guard case .graphs(let branches)? = reader.node.attributes["branches"], !branches.isEmpty else {
                throw .invalidAttribute(name: "branches", reason: "is missing, expected a list of functions")
            }
            return Case(branchCount: branches.count)
        }
    }
}
