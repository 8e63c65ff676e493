import GraphIR
import Tensors

/// The cross product of vectors of three numbers.
///
/// - Shapes: [B…, 3], [B…, 3] → [B…, 3].
/// - Source: TensorFlow's Cross.
struct Cross: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let left = try inputs.required(0, of: ElementTypes.numbers), right = try inputs.required(1)
        try inputs.checkSameType(1, as: 0)
        guard let first = left.shape, let second = right.shape else { return [ValueFact(left.type)] }
        let joined = zip(first.dimensions, second.dimensions).compactMap(Dimension.unified)
        guard first.rank == second.rank, joined.count == first.rank, let last = joined.last,
            Dimension.unified(last, .known(3)) != nil
        else { throw .invalidInput(index: 1, reason: "has shape \(second), input 0 has \(first); both must end in an axis of 3") }
        return [ValueFact(left.elementType, SymbolicShape(joined))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let along = inputs.axis(0), inputs.axis(1) == along, along < (inputs.extents(0)?.count ?? 0) - 1 else {
            return .mixed(RowReason.positional)
        }
        return .rows(axis: along, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0]
        return CompiledOperator(
            LoopKernel { (context) throws(OperatorError) in
                try output.elementType.dispatch(Products(count: output.shape.elementCount / 3, context: context))
            })
    }

    private struct Products: NumericVisitor {
        let count: Int
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            for index in 0..<count {
                let a = context.input(0, as: Element.self) + 3 * index, b = context.input(1, as: Element.self) + 3 * index
                let c = context.output(0, as: Element.self) + 3 * index
                for place in 0..<3 {
                    let (next, last) = ((place + 1) % 3, (place + 2) % 3)
                    c[place] = a[next].times(b[last]).minus(a[last].times(b[next]))
                }
            }
        }
    }
}
