import GraphIR
import Tensors

/// Two axes out of many: everything before `axis` and everything from it on.
///
/// - Shapes: [d0, …, dn] → [d0·…, …·dn].
/// - Source: ONNX operator Flatten.
struct Flatten: ElementMover {
    var axis = 1

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.dense(0)
        guard let shape = data.shape else { return [ValueFact(data.elementType, SymbolicShape(unknownRank: 2))] }
        let rank = shape.rank
        let split = axis < 0 ? axis + rank : axis
        guard (0...rank).contains(split) else {
            throw .invalidInput(index: 0, reason: "has rank \(rank), axis \(axis) is outside \(-rank)...\(rank)")
        }
        let outer = Dimension.product(shape.dimensions[..<split])
        let inner = Dimension.product(shape.dimensions[split...])
        return [ValueFact(data.elementType, SymbolicShape([outer, inner]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.onlyAxis(), let data = inputs.extents(0), let result = inputs.outputs.first?.concrete,
            let place = inputs.axis(of: result.shape.extents, holding: axis, of: data)
        else { return .mixed(RowReason.merged) }
        return .rows(axis: place, of: inputs)
    }

    func compile(_ context: CompileContext) -> CompiledOperator { .view(of: 0) }
}

/// Drops axes of extent 1: those named, or all.
///
/// - Source: ONNX operator Squeeze; axes are an attribute before opset 13, an input since. TensorFlow's Squeeze (an attribute).
struct Squeeze: ElementMover {
    var axes: [Int]?
    var takesAxesInput = true

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...(takesAxesInput ? 2 : 1))
        let data = try inputs.dense(0)
        let isNamed = takesAxesInput ? inputs[1] != nil : axes != nil
        let named = try takesAxesInput ? inputs.parameters(1) : axes
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        guard isNamed else { return [ValueFact(data.elementType, withoutOnes(shape))] }
        guard let named else {
            let rank = try inputs.parameterCount(1).map { shape.rank - $0 }
            if let rank, rank < 0 {
                throw .invalidInput(index: 1, reason: "names more axes than input 0 of rank \(shape.rank) has")
            }
            return [ValueFact(data.elementType, rank.map(SymbolicShape.init(unknownRank:)))]
        }
        let dropped = try Axes.resolve(named, rank: shape.rank)
        for axis in dropped {
            if let extent = shape[axis].value, extent != 1 {
                throw .invalidInput(
                    index: 0,
                    reason: "has extent \(extent) along axis \(axis) (shape \(shape)), only axes of extent 1 can be squeezed")
            }
        }
        let kept = shape.dimensions.indices.filter { !dropped.contains($0) }.map { shape[$0] }
        return [ValueFact(data.elementType, SymbolicShape(kept))]
    }

    var shapeOperands: Set<Int> { takesAxesInput ? [1] : [] }

    /// Without named axes the axis of a single row goes, too, when it has one position; requests run alone would differ.
    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let axis = inputs.onlyAxis(), let data = inputs.extents(0) else { return .mixed(RowReason.parameter) }
            guard inputs.isFixed(1) else { return .mixed(RowReason.counted) }
            let dropped: [Int]
            if let named = takesAxesInput ? inputs.integers(1) : axes {
                dropped = try Axes.resolve(named, rank: data.count)
            } else {
                guard inputs[1] == nil, data[axis] != inputs.rowCount else {
                    return .mixed("drops the axis of the rows when there is a single row")
                }
                dropped = data.indices.filter { data[$0] == 1 }
            }
            return inputs.linewise(along: dropped, keepsAxes: false)
        }
    }

    /// nil while it is not known which extents are 1.
    private func withoutOnes(_ shape: SymbolicShape) -> SymbolicShape? {
        guard shape.dimensions.allSatisfy({ $0.value != nil }) else { return nil }
        return SymbolicShape(shape.dimensions.filter { $0 != .known(1) })
    }

    func compile(_ context: CompileContext) -> CompiledOperator { .view(of: 0) }
}

/// Inserts axes of extent 1, named by their places in the output.
///
/// - Source: ONNX operator Unsqueeze; axes are an attribute before opset 13, an input since. TensorFlow's ExpandDims.
struct Unsqueeze: ElementMover {
    var axes: [Int]?

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(axes == nil ? 2...2 : 1...1)
        let data = try inputs.dense(0)
        let named = try inputs.parameters(1, or: axes)
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        let listed = try inputs.parameterCount(1)
        guard let count = named?.count ?? listed else {
            return [ValueFact(data.elementType, nil as SymbolicShape?)]
        }
        let rank = shape.rank + count
        guard rank <= Shape.maximumRank else {
            throw .invalidValue("would have rank \(rank), at most \(Shape.maximumRank) is possible")
        }
        guard let named else { return [ValueFact(data.elementType, SymbolicShape(unknownRank: rank))] }
        let inserted = try Axes.resolve(named, rank: rank)
        var remaining = shape.dimensions.makeIterator()
        let dimensions = (0..<rank).map { inserted.contains($0) ? .known(1) : remaining.next() ?? .unknown }
        return [ValueFact(data.elementType, SymbolicShape(dimensions))]
    }

    var shapeOperands: Set<Int> { axes == nil ? [1] : [] }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let axis = inputs.onlyAxis(), let rank = inputs.extents(0)?.count, let named = axes ?? inputs.integers(1),
                inputs.isFixed(1)
            else { return .mixed(RowReason.parameter) }
            let inserted = try Axes.resolve(named, rank: rank + named.count)
            let kept = (0..<rank + named.count).filter { !inserted.contains($0) }
            return .rows(axis: kept[axis], of: inputs)
        }
    }

    func compile(_ context: CompileContext) -> CompiledOperator { .view(of: 0) }
}

/// The input itself.
///
/// - Source: ONNX operator Identity; TensorFlow's Identity and the operators that differ from it only while training.
struct Identity: PassThrough, ElementMover {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [try inputs.required(0)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) -> CompiledOperator { .view(of: 0) }
}

enum RankChangeOperators {
    static let spellings: [OperatorSpelling] =
        [
            .onnx("Flatten") { reader throws(OperatorError) in Flatten(axis: try reader.integer("axis", default: 1)) },
            .onnx("Squeeze", through: 12) { reader throws(OperatorError) in
                Squeeze(axes: try reader.integers("axes"), takesAxesInput: false)
            },
            .onnx("Squeeze", since: 13) { _ throws(OperatorError) in Squeeze() },
            .onnx("Unsqueeze", through: 12) { reader throws(OperatorError) in
                guard let axes = try reader.integers("axes") else {
                    throw .invalidAttribute(name: "axes", reason: "is missing")
                }
                return Unsqueeze(axes: axes)
            },
            .onnx("Unsqueeze", since: 13) { _ throws(OperatorError) in Unsqueeze() },
            .onnx("Identity") { _ throws(OperatorError) in Identity() },
            .tensorFlow("Squeeze") { reader throws(OperatorError) in
                let axes = try reader.integers("squeeze_dims") ?? []
                return Squeeze(axes: axes.isEmpty ? nil : axes, takesAxesInput: false)
            },
            .tensorFlow("ExpandDims") { _ throws(OperatorError) in Unsqueeze() },
        ] + identities

    /// TensorFlow's names for handing a value on.
    private static let identities = [
        "Identity", "StopGradient", "PreventGradient", "Snapshot", "DeepCopy", "GuaranteeConst", "PlaceholderWithDefault",
        "DebugGradientIdentity",
    ].map { name in OperatorSpelling.tensorFlow(name) { _ throws(OperatorError) in Identity() } }
}
