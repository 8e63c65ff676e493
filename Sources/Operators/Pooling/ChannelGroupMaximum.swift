import GraphIR
import Tensors

/// The largest of each group of neighbouring channels.
///
/// - Shapes: `x` [N, H, W, C] → [N, H, W, C / group].
/// - Source: TensorFlow operator MaxPool with a window along the channels.
struct ChannelGroupMaximum: Operator {
    let group: Int
    var name: String { "MaxPool" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.required(0, of: ElementTypes.numbers)
        guard var shape = x.shape else { return [ValueFact(x.elementType, nil)] }
        guard shape.rank == 4 else { throw .invalidInput(index: 0, reason: "is \(shape) with \(shape.rank) axes, expected 4") }
        guard let channels = shape[3].value else {
            shape[3] = .unknown
            return [ValueFact(x.elementType, shape)]
        }
        guard channels % group == 0 else {
            throw .invalidInput(index: 0, reason: "has \(channels) channels, which a window of \(group) does not divide")
        }
        shape[3] = .known(channels / group)
        return [ValueFact(x.elementType, shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: [0, 1, 2]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        CompiledOperator(try context.input(0).elementType.dispatch(Maker(group: group, count: context.outputs[0].shape.elementCount)))
    }

    private struct Maker: NumericVisitor {
        let group: Int
        let count: Int

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> LoopKernel {
            let (group, count) = (group, count)
            return LoopKernel { context in
                let x = context.input(0, as: Element.self), y = context.output(0, as: Element.self)
                for index in 0..<count {
                    var best = x[index * group]
                    for place in index * group..<(index + 1) * group where best.isBelow(x[place]) && !x[place].isNaNElement {
                        best = x[place]
                    }
                    y[index] = best
                }
            }
        }
    }
}
