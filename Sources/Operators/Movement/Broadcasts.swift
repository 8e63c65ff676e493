import GraphIR
import Tensors

/// Repeats axes of extent 1 until the tensor has the wanted shape; extents of the input win over wanted ones of 1.
///
/// - Shapes: data […], shape [k] → multidirectional broadcast of both.
/// - Source: ONNX operator Expand; TensorFlow's BroadcastTo, whose result has the wanted shape exactly.
struct Expand: ElementMover {
    /// Whether an input that is larger than the wanted shape is refused.
    var isExact = false

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0)
        guard let wanted = try inputs.parameters(1) else {
            guard let count = try inputs.parameterCount(1), let rank = data.rank else {
                return [ValueFact(data.elementType, nil as SymbolicShape?)]
            }
            return [ValueFact(data.elementType, SymbolicShape(unknownRank: max(rank, count)))]
        }
        let target = try Shape(checked: wanted, what: "the wanted shape")
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        guard let result = SymbolicShape.broadcast(shape, SymbolicShape(target)) else {
            throw .invalidInput(index: 0, reason: "of shape \(shape) cannot be expanded to \(target)")
        }
        if isExact {
            guard result.admits(target) else {
                throw .invalidInput(index: 0, reason: "of shape \(shape) cannot be broadcast to \(target)")
            }
            return [ValueFact(data.elementType, target)]
        }
        return [ValueFact(data.elementType, try result.checked("the output"))]
    }

    var shapeOperands: Set<Int> { [1] }

    /// The wanted extent of the rows' axis must follow the number of rows, or leave the axis alone.
    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.onlyAxis(), let data = inputs.extents(0), let wanted = inputs.integers(1) else {
            return .mixed(RowReason.parameter)
        }
        let rank = max(data.count, wanted.count), place = axis + rank - data.count
        let extent = place < rank - wanted.count ? 1 : wanted[place - (rank - wanted.count)]
        guard extent == 1 || inputs[1] == .counted && extent == data[axis] else {
            return .mixed("expands to a fixed extent along the axis of the rows")
        }
        guard inputs[1] == .counted else { return .rows(axis: place, of: inputs) }
        // No other axis may grow with the number of rows.
        let single = inputs.integersOfSingleRow(1)
        let isFixed = wanted.indices.allSatisfy { index in
            let axis = index + rank - wanted.count, own = axis - (rank - data.count)
            return axis == place || wanted[index] == 1 || own >= 0 && wanted[index] == data[own]
                || single?.count == wanted.count && single?[index] == wanted[index]
        }
        return isFixed ? .rows(axis: place, of: inputs) : .mixed("expands another axis by what may follow the number of rows")
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0), output = context.outputs[0].shape
        if input.shape.elementCount == output.elementCount { return .view(of: 0) }
        if context.makesNothing { return .nothing }
        let missing = output.rank - input.shape.rank
        let strides = input.shape.strides
        let sourceStrides = output.extents.indices.map { axis in
            axis < missing || input.shape[axis - missing] == 1 ? 0 : strides[axis - missing]
        }
        return CompiledOperator(
            StridedCopyKernel(
                copy: StridedCopy(
                    extents: output.extents, sourceStrides: sourceStrides, destinationStrides: output.strides,
                    elementByteCount: input.elementType.byteCount)))
    }
}

/// The tensor repeated whole along its axes.
///
/// - Shapes: data [d0, …, dn], repeats [n + 1] → [d0·r0, …, dn·rn].
/// - Source: ONNX operator Tile; opset 1 repeats a single axis (inputs tiles and axis). TensorFlow's Tile.
struct Tile: ElementMover {
    var repeatsSingleAxis = false

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(repeatsSingleAxis ? 3...3 : 2...2)
        let data = try inputs.dense(0)
        let first = try inputs.parameters(1)
        let second = repeatsSingleAxis ? try inputs.parameters(2) : []
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        guard let first, let second else {
            return [ValueFact(data.elementType, SymbolicShape(unknownRank: shape.rank))]
        }
        let repeats = try repeats(first, second, rank: shape.rank)
        var result = shape
        for (axis, count) in repeats.enumerated() where count != 1 {
            guard let extent = shape[axis].value else {
                result[axis] = count == 0 ? .known(0) : .unknown
                continue
            }
            let (product, overflow) = extent.multipliedReportingOverflow(by: count)
            guard !overflow else { throw .invalidValue("repeats \(count) overflow axis \(axis) of shape \(shape)") }
            result[axis] = .known(product)
        }
        return [ValueFact(data.elementType, try result.checked("the output"))]
    }

    var shapeOperands: Set<Int> { repeatsSingleAxis ? [1, 2] : [1] }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.onlyAxis(), let data = inputs.extents(0), let result = inputs.outputs.first?.concrete else {
            return .mixed(RowReason.parameter)
        }
        return result.shape[axis] == data[axis]
            ? .rows(axis: axis, of: inputs) : .mixed("repeats the rows along their axis")
    }

    private func repeats(_ first: [Int], _ second: [Int], rank: Int) throws(OperatorError) -> [Int] {
        var repeats = first
        if repeatsSingleAxis {
            guard first.count == 1, second.count == 1 else {
                throw .invalidValue("needs one repeat count and one axis, found \(first) and \(second)")
            }
            repeats = [Int](repeating: 1, count: rank)
            repeats[try Axes.resolve(second[0], rank: rank)] = first[0]
        }
        guard repeats.count == rank else {
            throw .invalidInput(index: 1, reason: "has \(repeats.count) repeats for rank \(rank)")
        }
        guard repeats.allSatisfy({ $0 >= 0 }) else {
            throw .invalidInput(index: 1, reason: "has a negative repeat in \(repeats)")
        }
        return repeats
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0), output = context.outputs[0].shape
        if input.shape == output { return .view(of: 0) }
        var extents: [Int] = [], sourceStrides: [Int] = [], destinationStrides: [Int] = []
        let strides = input.shape.strides, outputStrides = output.strides
        for axis in output.extents.indices {
            let extent = input.shape[axis]
            extents += [extent == 0 ? 0 : output[axis] / extent, extent]
            sourceStrides += [0, strides[axis]]
            destinationStrides += [outputStrides[axis] * extent, outputStrides[axis]]
        }
        return CompiledOperator(
            StridedCopyKernel(
                copy: StridedCopy(
                    extents: extents, sourceStrides: sourceStrides, destinationStrides: destinationStrides,
                    elementByteCount: input.elementType.byteCount)))
    }
}

enum BroadcastMovementOperators {
    static let spellings: [OperatorSpelling] = [
        .onnx("Expand", since: 8) { _ throws(OperatorError) in Expand() },
        .onnx("Tile", through: 5) { _ throws(OperatorError) in Tile(repeatsSingleAxis: true) },
        .onnx("Tile", since: 6) { _ throws(OperatorError) in Tile() },
        .tensorFlow("BroadcastTo") { _ throws(OperatorError) in Expand(isExact: true) },
        .tensorFlow("Tile") { _ throws(OperatorError) in Tile() },
    ]
}
