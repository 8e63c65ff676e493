import GraphIR
import Tensors

/// Joins the slices that have equal ids, in whatever order they stand.
///
/// - Shapes: data [I…, S…], ids [I…], a scalar count → [count, S…].
/// - Types: every number, sums and products complex ones too; ids and count int32 or int64.
/// - Numerics: slices with an id below 0 are left out, an id of the count or more is refused. A segment without slices holds 0, of a
///   product 1, of a maximum the type's lowest finite number, of a minimum its highest.
/// - Source: TensorFlow UnsortedSegmentSum, UnsortedSegmentProd, UnsortedSegmentMin, UnsortedSegmentMax.
struct UnsortedSegments: Operator {
    let name: String
    let fold: SegmentFold

    var shapeOperands: Set<Int> { [2] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let data = try inputs.required(0, of: fold.types), ids = try inputs.indices(1), count = try inputs.indices(2)
        guard let shape = data.shape, let tuple = ids.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        let agrees =
            tuple.rank <= shape.rank
            && zip(tuple.dimensions, shape.dimensions).allSatisfy { Dimension.unified($0, $1) != nil }
        guard agrees else { throw .invalidInput(index: 1, reason: "has shape \(tuple), which does not begin \(shape) of input 0") }
        var segments = Dimension.unknown
        if let given = count.integers?.first {
            guard given >= 0 else { throw .invalidInput(index: 2, reason: "is \(given), expected the number of segments") }
            segments = .known(given)
        }
        let result = SymbolicShape([segments] + shape.dimensions.dropFirst(tuple.rank))
        return [ValueFact(data.elementType, try result.checked("the result"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let kernel = try context.outputs[0].elementType.dispatchSegments(
            Maker(fold: fold, ids: try context.input(1), shape: context.outputs[0].shape))
        return CompiledOperator(kernel)
    }

    private struct Maker: SegmentVisitor {
        let fold: SegmentFold
        let ids: TensorSpec
        let shape: Shape

        func visit<Element: SegmentNumber>(_: Element.Type) throws(OperatorError) -> LoopKernel {
            let fold = fold, spec = ids, count = shape.elementCount, segments = shape[0]
            let slice = shape.elementCount(in: 1..<shape.rank), start = fold.unsortedStart(Element.self)
            return LoopKernel { (context) throws(OperatorError) in
                let ids = IntegerList(context.input(1), spec)
                let source = context.input(0, as: Element.self), target = context.output(0, as: Element.self)
                target.update(repeating: start, count: count)
                for place in 0..<ids.count {
                    let id = ids[place]
                    guard id >= 0 else { continue }
                    guard id < segments else {
                        throw .invalidValue("segment id \(id) (element \(place)) is outside 0..<\(segments), the segments")
                    }
                    fold.join(source + place * slice, to: target + id * slice, slice)
                }
            }
        }
    }
}
