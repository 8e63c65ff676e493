import GraphIR
import Tensors

/// What `x[1:, ::-1, ..., tf.newaxis, 0]` gives.
///
/// - Shapes: data, begins, ends and strides [k] → a box of the data with axes added and dropped.
/// - Source: TensorFlow's StridedSlice.
struct StridedSlice: ElementMover {
    var masks = SliceMasks()
    var shapeOperands: Set<Int> { [1, 2, 3] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let data = try inputs.dense(0)
        let lists = [try inputs.parameters(1), try inputs.parameters(2), try inputs.parameters(3)]
        let counts = [try inputs.parameterCount(1), try inputs.parameterCount(2), try inputs.parameterCount(3)]
        guard let shape = data.shape, let count = counts.compactMap(\.self).first else {
            return [ValueFact(data.elementType, nil as SymbolicShape?)]
        }
        let bounds = try Self.bounds(masks, lists)
        var dimensions: [Dimension] = []
        for place in try masks.places(count: count, rank: shape.rank) {
            switch place {
            case .newAxis: dimensions.append(.known(1))
            case .axis(let axis, nil): dimensions.append(shape[axis])
            case .axis(let axis, let entry?):
                let cut = try bounds.flatMap { bounds throws(OperatorError) in
                    try shape[axis].value.map { extent throws(OperatorError) in try bounds.cut(entry, axis: axis, extent: extent) }
                }
                if masks.drops(entry) { continue }
                let isWhole = bounds?.keepsWhole(entry) ?? false
                dimensions.append(cut.map { .known($0.count) } ?? (isWhole ? shape[axis] : .unknown))
            }
        }
        guard dimensions.count <= Shape.maximumRank else {
            throw .invalidValue("would have rank \(dimensions.count), at most \(Shape.maximumRank) is possible")
        }
        return [ValueFact(data.elementType, SymbolicShape(dimensions))]
    }

    /// The bounds when all lists are known.
    static func bounds(_ masks: SliceMasks, _ lists: [[Int]?]) throws(OperatorError) -> SliceBounds? {
        guard let begins = lists[0], let ends = lists[1], let strides = lists[2] else { return nil }
        return try SliceBounds(masks, begins: begins, ends: ends, strides: strides)
    }

    /// The rows' axis must be whole, and the bounds the same for every number of rows.
    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let along = inputs.onlyAxis(), let rank = inputs.extents(0)?.count,
                let bounds = try Self.bounds(masks, (1...3).map(inputs.integers))
            else { return .mixed(RowReason.parameter) }
            guard (1...3).allSatisfy({ inputs.isFixed($0) }) else { return .mixed(RowReason.counted) }
            var result = 0
            for place in try masks.places(count: bounds.count, rank: rank) {
                if case .axis(along, let entry) = place {
                    guard entry.map(bounds.keepsWhole) ?? true else { return .mixed(RowReason.selected) }
                    return .rows(axis: result, of: inputs)
                }
                if case .axis(_, let entry) = place, masks.drops(entry) { continue }
                result += 1
            }
            return .mixed(RowReason.selected)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0)
        let bounds = try SliceBounds(
            masks, begins: context.parameters(1), ends: context.parameters(2), strides: context.parameters(3))
        let box = try bounds.box(in: input.shape)
        if box.isWhole { return .view(of: 0) }
        return CompiledOperator(
            StridedCopyKernel(
                copy: StridedCopy(
                    extents: box.extents, sourceStrides: box.strides, destinationStrides: Shape(box.extents).strides,
                    elementByteCount: input.elementType.byteCount, sourceOffset: box.offset)))
    }
}

/// The data with a box of it replaced.
///
/// - Shapes: data, begins, ends and strides [k], a value of the box's shape (or one that broadcasts to it) → the data's shape.
/// - Source: TensorFlow's TensorStridedSliceUpdate; StridedSliceGrad, whose data are zeros of a given shape.
struct StridedSliceUpdate: ElementMover {
    var masks = SliceMasks()
    /// Input 0 is the shape of zeros to update.
    var startsWithZeros = false

    var name: String { startsWithZeros ? "StridedSliceGrad" : "TensorStridedSliceUpdate" }
    var shapeOperands: Set<Int> { startsWithZeros ? [0, 1, 2, 3] : [1, 2, 3] }
    func movesElements(ofInput index: Int) -> Bool { index == 4 || index == 0 && !startsWithZeros }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(5...5)
        let value = try inputs.dense(4)
        let result: ValueFact
        if startsWithZeros {
            let wanted = try inputs.parameters(0), rank = try inputs.parameterCount(0)
            if let wanted {
                result = ValueFact(value.elementType, try Shape(checked: wanted, what: "the output"))
            } else {
                result = ValueFact(value.elementType, rank.map(SymbolicShape.init(unknownRank:)))
            }
        } else {
            try inputs.checkSameType(4, as: 0)
            result = ValueFact(try inputs.dense(0).type)
        }
        let lists = [try inputs.parameters(1), try inputs.parameters(2), try inputs.parameters(3)]
        if let bounds = try StridedSlice.bounds(masks, lists), let shape = result.concrete?.shape, let given = value.concrete?.shape {
            _ = try sourceStrides(value: given, of: bounds, in: shape)
        }
        return [result]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0], value = try context.input(4).shape
        let bounds = try SliceBounds(
            masks, begins: context.parameters(1), ends: context.parameters(2), strides: context.parameters(3))
        let box = try bounds.box(in: output.shape)
        let copy = StridedCopy(
            extents: box.extents, sourceStrides: try sourceStrides(value: value, of: bounds, in: output.shape),
            destinationStrides: box.strides, elementByteCount: output.elementType.byteCount, destinationOffset: box.offset)
        let byteCount = output.byteCount, startsWithZeros = startsWithZeros
        let kernel = LoopKernel { context in
            let target = context.output(0)
            if startsWithZeros {
                target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
            } else if UnsafeRawPointer(target) != context.input(0) {
                target.copyMemory(from: context.input(0), byteCount: byteCount)
            }
            copy.run(from: context.input(4), to: target)
        }
        return CompiledOperator(kernel, inPlace: startsWithZeros ? [] : [InPlace(output: 0, input: 0)])
    }

    /// What one step along each axis of the box advances in the value.
    private func sourceStrides(value: Shape, of bounds: SliceBounds, in shape: Shape) throws(OperatorError) -> [Int] {
        var extents: [Int] = []
        /// Positions in `extents`, by axis of the box; nil for axes that the value has not.
        var positions: [Int?] = []
        for place in try masks.places(count: bounds.count, rank: shape.rank) {
            switch place {
            case .newAxis: extents.append(1)
            case .axis(let axis, let entry):
                positions.append(masks.drops(entry) ? nil : extents.count)
                if masks.drops(entry) { continue }
                let cut = try entry.map { entry throws(OperatorError) in
                    try bounds.cut(entry, axis: axis, extent: shape[axis]).count
                }
                extents.append(cut ?? shape[axis])
            }
        }
        guard let joined = Shape.broadcast(value, Shape(extents)), joined.extents == extents else {
            throw .invalidInput(index: 4, reason: "has shape \(value), expected \(extents)")
        }
        let missing = extents.count - value.rank, strides = value.strides
        return positions.map { position in
            guard let place = position.map({ $0 - missing }), place >= 0, value[place] != 1 else { return 0 }
            return strides[place]
        }
    }
}

enum StridedSliceOperators {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("StridedSlice") { reader throws(OperatorError) in StridedSlice(masks: try SliceMasks(reader)) },
        .tensorFlow("TensorStridedSliceUpdate") { reader throws(OperatorError) in
            StridedSliceUpdate(masks: try SliceMasks(reader))
        },
        .tensorFlow("StridedSliceGrad") { reader throws(OperatorError) in
            StridedSliceUpdate(masks: try SliceMasks(reader), startsWithZeros: true)
        },
    ]
}
