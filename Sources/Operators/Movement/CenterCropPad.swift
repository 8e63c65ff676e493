import GraphIR
import Tensors

/// The middle of the data along some axes, with zeros around it where it is smaller than is asked for.
///
/// - Shapes: data [d…], extents [axes] → the data's shape with these extents.
/// - Numerics: where an odd number of positions goes or comes, one more is at the end.
/// - Source: ONNX operator CenterCropPad.
struct CenterCropPad: Operator, ElementMover {
    /// nil for all.
    let axes: [Int]?
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0)
        _ = try inputs.required(1)
        let extents = try inputs.parameters(1)
        guard var shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        let axes = try Axes.resolve(axes ?? Array(0..<shape.rank), rank: shape.rank)
        if let extents { try check(extents, axes) }
        for (place, axis) in axes.enumerated() { shape[axis] = extents.map { .known($0[place]) } ?? .unknown }
        return [ValueFact(data.elementType, try shape.checked("the output"))]
    }

    private func check(_ extents: [Int], _ axes: [Int]) throws(OperatorError) {
        guard extents.count == axes.count, extents.allSatisfy({ (0...Shape.maximumElementCount).contains($0) }) else {
            throw .invalidInput(index: 1, reason: "is \(extents), expected an extent for each of \(axes.count) axes")
        }
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard inputs.isFixed(1) else { return .mixed(RowReason.counted) }
            let rank = inputs.extents(0)?.count ?? 0
            return inputs.linewise(along: try Axes.resolve(axes ?? Array(0..<rank), rank: rank))
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0), output = context.outputs[0].shape
        if input.shape == output { return .view(of: 0) }
        if context.makesNothing { return .nothing }
        let maps = zip(input.shape.extents, output.extents).map { Self.map(from: $0, to: $1) }
        let copy = MappedCopy(input: input.shape, maps: maps, elementByteCount: input.elementType.byteCount)
        return CompiledOperator(
            LoopKernel { context in
                withUnsafeBytes(of: (0, 0) as (UInt64, UInt64)) { zeros in
                    guard let filler = zeros.baseAddress else { return }
                    copy.run(from: context.input(0), to: context.output(0), filler: filler)
                }
            })
    }

    /// The source of each position along an axis.
    private static func map(from input: Int, to output: Int) -> [Int] {
        let first = input > output ? (input - output) / 2 : -((output - input) / 2)
        return (first..<first + output).map { $0 >= 0 && $0 < input ? $0 : MappedCopy.filler }
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("CenterCropPad", since: 18) { reader throws(OperatorError) in CenterCropPad(axes: try reader.integers("axes")) }
    ]
}
