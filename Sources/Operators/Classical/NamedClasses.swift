import GraphIR
import Tensors

/// A classifier whose labels are strings: the dense classifier answers with their numbers.
///
/// - Shapes: as the classifier's, with string labels in output 0.
struct NamedClasses: DynamicOperator {
    /// Gives numbers in `names` as its labels.
    let classifier: any Operator
    let names: [[UInt8]]

    var name: String { classifier.name }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        var outputs = try classifier.infer(inputs)
        guard let labels = outputs.first else { return outputs }
        outputs[0] = ValueFact(.string, labels.shape)
        return outputs
    }

    func rows(_ inputs: RowInputs) -> RowFlow { classifier.rows(inputs) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let table = Tensor(borrowing: try context.required(0))
        let results = try classifier.computed([table], outputCount: 2, kernels: context.kernels, allowance: context.allowance)
        guard let labels = results.first else { throw OperatorError.invalidValue("gives no labels") }
        let builder = try TextBuilder(context, capacity: labels.elementCount)
        for label in labels.values(Int64.self) {
            guard let place = Int(exactly: label), names.indices.contains(place) else {
                throw OperatorError.invalidValue("gives class \(label) of \(names.count)")
            }
            // The bytes are shared with the model's.
            try builder.append(names[place])
        }
        return [try builder.tensor(labels.shape)] + results.dropFirst().map(RuntimeValue.tensor)
    }
}
