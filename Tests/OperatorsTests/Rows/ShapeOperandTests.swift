import GraphIR
import Operators
import Tensors
import Testing

/// What an operator declares as deciding its outputs' shapes.
@Suite("Shape operands")
struct ShapeOperandTests {
    static let cases =
        RowCases.all.filter { ((try? $0.makeOperator()) as? any DynamicOperator) == nil }
        + [
            RowCase("Range", [.fixed([1], shape: []), .fixed([7], shape: []), .fixed([2], shape: [])], .mixed),
            RowCase("Range", [.fixed([0], .float32), .fixed([1], .float32), .fixed([0.25], .float32)], .mixed),
        ]

    private func infer(_ row: RowCase, _ op: any Operator, knowing known: Set<Int>) throws -> [ValueFact] {
        let facts = row.inputs.enumerated().map { index, input in
            input.map { input -> ValueFact in
                let tensor = input.tensor(rowCount: 1, seed: 1)
                return known.contains(index) ? ValueFact(constant: tensor) : ValueFact(tensor.spec.type)
            }
        }
        return try op.infer(OperatorInputs(facts, outputCount: row.outputCount))
    }

    @Test("are all that must be known for concrete outputs", arguments: cases)
    func completeness(_ row: RowCase) throws {
        let op = try row.makeOperator()
        for (index, fact) in try infer(row, op, knowing: op.shapeOperands).enumerated() {
            #expect(fact.concrete != nil, "output \(index) is \(fact.valueType)")
        }
    }

    @Test("are needed", arguments: cases)
    func necessity(_ row: RowCase) throws {
        let op = try row.makeOperator()
        guard op.shapeOperands.contains(where: { $0 < row.inputs.count && row.inputs[$0] != nil }) else { return }
        #expect(try infer(row, op, knowing: []).contains { $0.concrete == nil })
    }
}
