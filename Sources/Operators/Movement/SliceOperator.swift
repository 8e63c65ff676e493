import GraphIR
import Tensors

/// A box cut out of a tensor, with a step along each axis; a negative step walks backwards.
///
/// - Bounds count from the end when negative and are clamped to the axis, as NumPy does.
/// - Source: ONNX operator Slice; opset 1 has starts, ends and axes as attributes, opset 10 and later takes them and
///   steps as inputs.
struct SliceOperator: ElementMover {
    /// Bounds from attributes.
    struct Bounds: Sendable {
        var starts: [Int]
        var ends: [Int]
        var axes: [Int]?
        var steps: [Int]?
    }

    var attributes: Bounds?
    var name: String { "Slice" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(attributes == nil ? 3...5 : 1...1)
        let data = try inputs.dense(0)
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        if let bounds = try bounds(inputs) {
            return [ValueFact(data.elementType, try result(of: shape, bounds))]
        }
        return [ValueFact(data.elementType, try untouchedAxes(of: shape, inputs))]
    }

    var shapeOperands: Set<Int> { attributes == nil ? [1, 2, 3, 4] : [] }

    /// The rows' axis must be whole for every number of rows. The output's shape does not show where a box begins, so that bounds which
    /// depend on the number of rows must leave every axis whole.
    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let along = inputs.onlyAxis(), let data = inputs.extents(0),
                let bounds = try bounds(OperatorInputs(inputs.facts))
            else { return .mixed(RowReason.parameter) }
            let isFixed = (1...4).allSatisfy { inputs.isFixed($0) }
            for (index, axis) in try axes(of: bounds, rank: data.count).enumerated() where axis == along || !isFixed {
                let reach = isFixed ? Int(Int32.max) : data[axis]
                guard bounds.starts[index] == 0, bounds.steps?[index] ?? 1 == 1, bounds.ends[index] >= reach else {
                    return .mixed(axis == along ? RowReason.selected : RowReason.counted)
                }
            }
            return .rows(axis: along, of: inputs)
        }
    }

    /// The bounds when all of them are constant.
    private func bounds(_ inputs: OperatorInputs) throws(OperatorError) -> Bounds? {
        if let attributes { return attributes }
        let starts = try inputs.parameters(1), ends = try inputs.parameters(2)
        let axes = try inputs.parameters(3), steps = try inputs.parameters(4)
        if inputs[3] != nil && axes == nil || inputs[4] != nil && steps == nil { return nil }
        guard let starts, let ends else { return nil }
        return Bounds(starts: starts, ends: ends, axes: axes, steps: steps)
    }

    /// What is left to know when bounds come from data: axes that are not sliced keep their extents.
    private func untouchedAxes(of shape: SymbolicShape, _ inputs: OperatorInputs) throws(OperatorError) -> SymbolicShape {
        let axes: [Int]
        if inputs[3] != nil {
            guard let named = try inputs.parameters(3) else { return SymbolicShape(unknownRank: shape.rank) }
            axes = try Axes.resolve(named, rank: shape.rank)
        } else {
            guard let count = try inputs.parameterCount(1) else { return SymbolicShape(unknownRank: shape.rank) }
            axes = Array(0..<min(count, shape.rank))
        }
        var result = shape
        for axis in axes { result[axis] = .unknown }
        return result
    }

    private func result(of shape: SymbolicShape, _ bounds: Bounds) throws(OperatorError) -> SymbolicShape {
        var result = shape
        for (index, axis) in try axes(of: bounds, rank: shape.rank).enumerated() {
            let start = bounds.starts[index], end = bounds.ends[index], step = bounds.steps?[index] ?? 1
            if let extent = shape[axis].value {
                result[axis] = .known(AxisRange(start: start, end: end, step: step, extent: extent).count)
            } else if !(start == 0 && step == 1 && end >= Int(Int32.max)) {
                result[axis] = .unknown
            }
        }
        return result
    }

    /// The sliced axes, after all lists are found to be of one length and no step is 0.
    private func axes(of bounds: Bounds, rank: Int) throws(OperatorError) -> [Int] {
        let count = bounds.starts.count
        guard bounds.ends.count == count, bounds.axes?.count ?? count == count, bounds.steps?.count ?? count == count
        else {
            throw .invalidValue(
                "has \(count) starts, \(bounds.ends.count) ends, \(bounds.axes?.count ?? count) axes and "
                    + "\(bounds.steps?.count ?? count) steps; the counts must be equal"
            )
        }
        if let steps = bounds.steps, steps.contains(0) { throw .invalidValue("has the step 0 in \(steps)") }
        guard count <= rank else {
            throw .invalidInput(index: 0, reason: "has rank \(rank), \(count) axes are to be sliced")
        }
        return try Axes.resolve(bounds.axes ?? Array(0..<count), rank: rank)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0), output = context.outputs[0]
        let bounds = try bounds(context)
        var strides = input.shape.strides
        var offset = 0
        var reverses = false
        for (index, axis) in try axes(of: bounds, rank: input.shape.rank).enumerated() {
            let range = AxisRange(
                start: bounds.starts[index], end: bounds.ends[index], step: bounds.steps?[index] ?? 1,
                extent: input.shape[axis])
            guard range.count > 0 else { continue }
            offset += range.first * strides[axis]
            // One element has no neighbour to step to, and a step may be as large as an integer can be.
            strides[axis] = range.count == 1 ? 0 : strides[axis] * range.step
            reverses = reverses || range.count > 1 && range.step < 0
        }
        if input.shape == output.shape, !reverses { return .view(of: 0) }
        return CompiledOperator(
            StridedCopyKernel(
                copy: StridedCopy(
                    extents: output.shape.extents, sourceStrides: strides,
                    destinationStrides: output.shape.strides, elementByteCount: input.elementType.byteCount,
                    sourceOffset: offset)))
    }

    private func bounds(_ context: CompileContext) throws(OperatorError) -> Bounds {
        if let attributes { return attributes }
        return Bounds(
            starts: try context.parameters(1), ends: try context.parameters(2),
            axes: try context.optionalParameters(3), steps: try context.optionalParameters(4))
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Slice", through: 9) { reader throws(OperatorError) in
            guard let starts = try reader.integers("starts"), let ends = try reader.integers("ends") else {
                throw .invalidAttribute(name: "starts and ends", reason: "must be given")
            }
            return SliceOperator(
                attributes: Bounds(starts: starts, ends: ends, axes: try reader.integers("axes")))
        },
        .onnx("Slice", since: 10) { _ throws(OperatorError) in SliceOperator() },
    ]
}

/// The positions that start, end and step choose along one axis, after clamping.
package struct AxisRange: Equatable {
    package let first: Int
    package let step: Int
    package let count: Int

    /// - Precondition: `step` is not 0.
    package init(start: Int, end: Int, step: Int, extent: Int) {
        self.step = step
        // Models write the largest integer for "to the end" also where they walk backwards, and runtimes obey.
        let end = step < 0 && (end == Int(Int32.max) || end == Int.max) ? Int.min : end
        let highest = step > 0 ? extent : extent - 1
        let lowest = step > 0 ? 0 : -1
        first = min(max(start < 0 ? start + extent : start, 0), highest)
        let last = min(max(end < 0 ? end + extent : end, lowest), highest)
        let distance = step > 0 ? last - first : first - last
        // Both are at most the extent, so nothing here overflows; `magnitude` exists even for Int.min.
        count = distance <= 0 ? 0 : Int((UInt(distance) - 1) / step.magnitude) + 1
    }
}
