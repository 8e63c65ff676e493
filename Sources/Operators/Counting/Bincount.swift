import GraphIR
import Tensors

/// How often each of the numbers 0, 1, … occurs, or the sum of the weights that stand at its places.
///
/// - Shapes: values of any shape (of rank 0 to 2 where `countsRows`), a scalar size, weights of the values' shape or without elements
///   → [size], or [rows, size] of a matrix where `countsRows`.
/// - Types: values int32 or int64, weights and result int32, int64, float32 or float64.
/// - Numerics: numbers of the size or more count nowhere, numbers below 0 are refused. Where `isBinary`, it is 1 for what occurs.
/// - Source: TensorFlow Bincount, DenseBincount (`countsRows`).
struct Bincount: Operator {
    let countsRows: Bool
    var isBinary = false

    var name: String { countsRows ? "DenseBincount" : "Bincount" }
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let values = try inputs.indices(0), size = try inputs.indices(1)
        let weights = try inputs.required(2, of: [.int32, .int64, .float32, .float64])
        var bins = Dimension.unknown
        if let given = size.integers?.first {
            guard given >= 0 else { throw .invalidInput(index: 1, reason: "is \(given), expected a size") }
            bins = .known(given)
        }
        if let shape = values.shape?.concrete, let given = weights.shape?.concrete, given.elementCount != 0,
            countsRows ? given != shape : given.elementCount != shape.elementCount
        {
            throw .invalidInput(index: 2, reason: "has shape \(given), expected no weights or \(shape) of them")
        }
        guard countsRows else { return [ValueFact(weights.elementType, try SymbolicShape([bins]).checked("the result"))] }
        guard let shape = values.shape else { return [ValueFact(weights.elementType, nil as SymbolicShape?)] }
        guard shape.rank <= 2 else { throw .invalidInput(index: 0, reason: "has shape \(shape), expected rank 2 or less") }
        let result = SymbolicShape(shape.rank == 2 ? [shape[0], bins] : [bins])
        return [ValueFact(weights.elementType, try result.checked("the result"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard countsRows, inputs.extents(0)?.count == 2, inputs.axis(0) == 0, inputs.isFixed(1) else {
            return .mixed(RowReason.joined)
        }
        guard inputs.axis(2) == 0 || inputs.extents(2)?.contains(0) ?? false else { return .mixed(RowReason.positional) }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let values = try context.input(0), output = context.outputs[0]
        let kernel = BincountKernel(
            values: values, rows: output.shape.rank == 2 ? output.shape[0] : 1, size: output.shape[output.shape.rank - 1],
            isWeighted: try context.input(2).shape.elementCount > 0, isBinary: isBinary)
        switch output.elementType {
        case .int32: return CompiledOperator(LoopKernel { (context) throws(OperatorError) in try kernel.count(context, Int32.self) })
        case .int64: return CompiledOperator(LoopKernel { (context) throws(OperatorError) in try kernel.count(context, Int64.self) })
        case .float32: return CompiledOperator(LoopKernel { (context) throws(OperatorError) in try kernel.count(context, Float.self) })
        default: return CompiledOperator(LoopKernel { (context) throws(OperatorError) in try kernel.count(context, Double.self) })
        }
    }
}

private struct BincountKernel: Sendable {
    let values: TensorSpec
    let rows: Int
    let size: Int
    let isWeighted: Bool
    let isBinary: Bool

    func count<Element: SegmentNumber>(_ context: KernelContext, _: Element.Type) throws(OperatorError) {
        let numbers = IntegerList(context.input(0), values)
        let bins = context.output(0, as: Element.self), weights = context.input(2, as: Element.self)
        bins.update(repeating: .none, count: rows * size)
        let columns = rows > 0 ? numbers.count / rows : 0
        for place in 0..<numbers.count {
            let number = numbers[place]
            guard number >= 0 else { throw .invalidValue("number \(number) (element \(place)) is below 0 and cannot be counted") }
            guard number < size else { continue }
            let bin = (columns > 0 ? place / columns : 0) * size + number
            bins[bin] = isBinary ? .one : bins[bin].sum(with: isWeighted ? weights[place] : .one)
        }
    }
}
