import GraphIR
import Tensors

/// The elements of a sparse tensor combined with those at their places in a dense one, which may broadcast to it.
///
/// - Shapes: a sparse tensor, dense [B…] → values [n].
/// - Source: TensorFlow operators SparseDenseCwiseAdd, SparseDenseCwiseMul and SparseDenseCwiseDiv.
struct SparseDenseCwise: DynamicOperator {
    enum Rule: Sendable {
        case add, multiply, divide
    }

    let name: String
    let rule: Rule

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        try inputs.sparse(0)
        let values = try inputs.tensor(1)
        return [ValueFact(values.elementType, values.shape)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let input = try SparseTensor(context, 0), dense = try context.required(3)
        guard case .dense(let values) = input.values, values.elementType == dense.elementType else {
            throw OperatorError.invalidInput(index: 3, reason: "is \(dense.spec), which is not of the sparse tensor's type")
        }
        let offset = input.rank - dense.shape.rank
        guard offset >= 0,
            dense.shape.extents.indices.allSatisfy({
                dense.shape[$0] == 1 || dense.shape[$0] == input.extents[$0 + offset]
            })
        else {
            throw OperatorError.invalidInput(
                index: 3, reason: "broadcasts dense to sparse only; got incompatible shapes: \(input.extents) vs. \(dense.shape)")
        }
        let strides = dense.shape.strides
        let steps = input.extents.indices.map { $0 < offset || dense.shape[$0 - offset] == 1 ? 0 : strides[$0 - offset] }
        return [
            .tensor(
                try dense.elementType.dispatchArithmetic(
                    Walk(rule: rule, input: input, values: values, dense: dense, steps: steps, context: context)))
        ]
    }

    private struct Walk: ArithmeticVisitor {
        let rule: Rule
        let input: SparseTensor
        let values: TensorView
        let dense: TensorView
        let steps: [Int]
        let context: EvaluationContext

        func visit<Element: ArithmeticElement>(_: Element.Type) throws(OperatorError) -> Tensor {
            let source = values.baseAddress.assumingMemoryBound(to: Element.self)
            let operand = dense.baseAddress.assumingMemoryBound(to: Element.self)
            var dividesByZero = false
            let result = try context.makeTensor(values.spec) { bytes in
                let target = bytes.bindMemory(to: Element.self)
                for place in 0..<input.count {
                    let other = operand[input.offset(place, steps)]
                    switch rule {
                    case .add: target[place] = source[place].sum(with: other)
                    case .multiply: target[place] = source[place].product(with: other)
                    case .divide:
                        if let quotient = source[place].quotient(by: other) {
                            target[place] = quotient
                        } else {
                            dividesByZero = true
                            target[place] = .none
                        }
                    }
                }
            }
            guard !dividesByZero else {
                throw .invalidValue("SparseDenseCwiseDiv cannot divide by zero, but the dense tensor contains zero")
            }
            return result
        }
    }
}
