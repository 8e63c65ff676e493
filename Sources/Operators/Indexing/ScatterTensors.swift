import GraphIR
import Tensors

/// Zeros of a wanted shape to which slices, addressed by index tuples, are added.
///
/// - Shapes: indices [I…, k], updates [I…, S…], shape [k + rank of S] → that shape.
/// - Types: numbers, complex ones too; truth values are joined.
/// - Source: TensorFlow's ScatterNd.
struct ScatterIntoZeros: Operator {
    var range = IndexRange.fromStart
    var name: String { "ScatterNd" }
    var shapeOperands: Set<Int> { [2] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let indices = try inputs.indices(0), updates = try inputs.dense(1)
        guard let wanted = try inputs.parameters(2) else {
            let rank = try inputs.parameterCount(2)
            return [ValueFact(updates.elementType, rank.map(SymbolicShape.init(unknownRank:)))]
        }
        let shape = try Shape(checked: wanted, what: "the output")
        try ScatterND.check(updates: updates, input: 1, data: SymbolicShape(shape), indices: indices.shape)
        return [ValueFact(updates.elementType, shape)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0]
        let indexing = TupleIndexing(data: output, indices: try context.input(0), batchAxes: 0, range: range)
        return CompiledOperator(
            ScatterNDKernel(
                indexing: indexing, data: output, reduction: .add, indexInput: 0, updateInput: 1, startsWithZeros: true))
    }
}

/// The data with slices or single elements replaced: of any type.
///
/// - Shapes: data, indices and updates as `base` takes them → the data's shape. Of several updates of one place the last one stays.
/// - Source: TensorFlow's TensorScatterUpdate; ONNX ScatterND and ScatterElements of strings.
struct ScatterReplacement: ElementMover {
    /// Replaces, and combines nothing.
    let base: any Operator
    let name: String

    func movesElements(ofInput index: Int) -> Bool { index != 1 }
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { try base.infer(inputs) }
    func rows(_ inputs: RowInputs) -> RowFlow { base.rows(inputs) }
    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator { try base.compile(context) }
}

enum ScatterTensorOperators {
    static let spellings: [OperatorSpelling] =
        [
            .tensorFlow("ScatterNd") { reader throws(OperatorError) in ScatterIntoZeros(range: try IndexRange(reader)) },
            .tensorFlow("TensorScatterUpdate") { reader throws(OperatorError) in
                ScatterReplacement(base: ScatterND(range: try IndexRange(reader)), name: "TensorScatterUpdate")
            },
        ] + combinations

    private static let combinations = [
        ("TensorScatterAdd", ScatterReduction.add), ("TensorScatterSub", .sub), ("TensorScatterMax", .max),
        ("TensorScatterMin", .min), ("ScatterNdNonAliasingAdd", .add),
    ].map { name, reduction in
        OperatorSpelling.tensorFlow(name) { reader throws(OperatorError) in
            ScatterND(reduction: reduction, range: try IndexRange(reader))
        }
    }
}
