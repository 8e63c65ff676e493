import GraphIR
import Tensors

/// Axes read backwards.
///
/// - Source: TensorFlow's ReverseV2 (a list of axes) and Reverse (a bool for each axis).
struct Reverse: ElementMover {
    /// Whether input 1 holds a bool for each axis.
    var takesFlags = false
    var name: String { takesFlags ? "Reverse" : "ReverseV2" }
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0)
        if takesFlags { _ = try inputs.required(1, of: [.bool]) } else { _ = try inputs.indices(1) }
        if let shape = data.shape, let given = inputs[1]?.integers { _ = try axes(given, rank: shape.rank) }
        return [ValueFact(data.type)]
    }

    private func axes(_ given: [Int], rank: Int) throws(OperatorError) -> [Int] {
        guard takesFlags else { return try Axes.resolve(given, rank: rank) }
        guard given.count == rank else { throw .invalidInput(index: 1, reason: "has \(given.count) flags for rank \(rank)") }
        return given.indices.filter { given[$0] != 0 }
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let along = inputs.onlyAxis(), let rank = inputs.extents(0)?.count, let given = inputs.integers(1),
                inputs.isFixed(1)
            else { return .mixed(RowReason.parameter) }
            guard try !axes(given, rank: rank).contains(along) else { return .mixed("reverses the rows") }
            return .rows(axis: along, of: inputs)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0), shape = input.shape
        let reversed = try axes(context.parameters(1), rank: shape.rank).filter { shape[$0] > 1 }
        if reversed.isEmpty || shape.elementCount == 0 { return .view(of: 0) }
        var strides = shape.strides
        var offset = 0
        for axis in reversed {
            offset += (shape[axis] - 1) * strides[axis]
            strides[axis].negate()
        }
        return CompiledOperator(
            StridedCopyKernel(
                copy: StridedCopy(
                    extents: shape.extents, sourceStrides: strides, destinationStrides: shape.strides,
                    elementByteCount: input.elementType.byteCount, sourceOffset: offset)))
    }
}

/// Elements moved along axes; what leaves at one end comes back at the other.
///
/// - Shapes: data, shifts and axes: one each, or lists of one length; shifts of the same axis add up → the data's shape.
/// - Source: TensorFlow's Roll.
struct Roll: ElementMover {
    var shapeOperands: Set<Int> { [1, 2] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let data = try inputs.dense(0)
        let shifts = try inputs.parameters(1), axes = try inputs.parameters(2)
        if let shape = data.shape {
            guard shape.rank > 0 else { throw .invalidInput(index: 0, reason: "is a scalar, expected at least one axis") }
            if let shifts, let axes, let concrete = shape.concrete { _ = try places(shifts, axes, concrete) }
        }
        return [ValueFact(data.type)]
    }

    /// By how much each axis moves forward, below its extent.
    private func places(_ shifts: [Int], _ axes: [Int], _ shape: Shape) throws(OperatorError) -> [Int] {
        guard shifts.count == axes.count else { throw .invalidValue("has \(shifts.count) shifts for \(axes.count) axes") }
        var result = [Int](repeating: 0, count: shape.rank)
        for (shift, axis) in zip(shifts, axes) {
            let place = try Axes.resolve(axis, rank: shape.rank), extent = max(shape[place], 1)
            let moved = (result[place] + shift % extent) % extent
            result[place] = moved < 0 ? moved + extent : moved
        }
        return result
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let along = inputs.onlyAxis(), let rank = inputs.extents(0)?.count, let axes = inputs.integers(2),
                inputs.isFixed(1), inputs.isFixed(2)
            else { return .mixed(RowReason.parameter) }
            var isMoved = false
            for axis in axes where try Axes.resolve(axis, rank: rank) == along { isMoved = true }
            return isMoved ? .mixed("moves the rows") : .rows(axis: along, of: inputs)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0)
        if context.makesNothing { return .nothing }
        let shifts = try places(context.parameters(1), context.parameters(2), input.shape)
        if shifts.allSatisfy({ $0 == 0 }) { return .view(of: 0) }
        let maps = zip(shifts, input.shape.extents).map { shift, extent in
            Array(extent - shift..<extent) + Array(0..<extent - shift)
        }
        let copy = MappedCopy(input: input.shape, maps: maps, elementByteCount: input.elementType.byteCount)
        return CompiledOperator(
            LoopKernel { context in copy.run(from: context.input(0), to: context.output(0), filler: context.input(0)) })
    }
}

enum ReversalOperators {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("Reverse") { _ throws(OperatorError) in Reverse(takesFlags: true) },
        .tensorFlow("ReverseV2") { _ throws(OperatorError) in Reverse() },
        .tensorFlow("Roll") { _ throws(OperatorError) in Roll() },
    ]
}
