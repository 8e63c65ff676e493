import GraphIR
import Tensors

/// Column sums over all rows, of the input's shape. It may read further inputs, which it ignores.
struct FakeSumRows: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { [ValueFact(try inputs.required(0).type)] }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let rows = context.outputs[0].shape[0], columns = context.outputs[0].shape[1]
        return .fake { context in
            let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
            for column in 0..<columns {
                let sum = (0..<rows).reduce(0) { $0 + x[$1 * columns + column] }
                for row in 0..<rows { y[row * columns + column] = sum }
            }
        }
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed("sums over rows") }
}

/// The first row alone, though it says that it keeps all.
struct FakeLiar: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let input = try inputs.required(0)
        guard let shape = input.concrete?.shape else { return [ValueFact(input.elementType, nil)] }
        return [ValueFact(input.elementType, shape.replacing(axis: 0, with: 1))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator { throw .unsupported("running") }

    func rows(_ inputs: RowInputs) -> RowFlow { .rows(axis: 0, of: inputs) }
}

/// Adds the first of some integers to every element: an integer that it reads as data.
struct FakeAddNumber: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { [ValueFact(try inputs.required(0).type)] }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator { throw .unsupported("running") }

    func rows(_ inputs: RowInputs) -> RowFlow { .rows(axis: 0, of: inputs) }
}

/// Whether the first element is above zero.
struct FakeFirst: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { [ValueFact(.bool, SymbolicShape([]))] }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator { throw .unsupported("running") }
}

/// Keeps rows apart, but gives something else in each run.
struct FakeRandom: Operator {
    var effects: Effects { [.random] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { [ValueFact(try inputs.required(0).type)] }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator { throw .unsupported("running") }

    func rows(_ inputs: RowInputs) -> RowFlow { .rows(axis: 0, of: inputs) }
}

extension Fakes {
    static let rowCatalog = OperatorCatalog(
        spellings + [
            .onnx("SumRows") { _ throws(OperatorError) in FakeSumRows() },
            .onnx("Liar") { _ throws(OperatorError) in FakeLiar() },
            .onnx("AddNumber") { _ throws(OperatorError) in FakeAddNumber() },
            .onnx("First") { _ throws(OperatorError) in FakeFirst() },
            .onnx("Random") { _ throws(OperatorError) in FakeRandom() },
        ])
}
