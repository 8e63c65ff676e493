import GraphIR
import Tensors

/// Strings of several tensors joined place by place.
///
/// - Shapes: tensors of one shape, or scalars, which go with every place → that shape.
/// - Source: TensorFlow operator StringJoin.
struct StringJoin: DynamicOperator {
    let separator: [UInt8]

    init(_ reader: AttributeReader) throws(OperatorError) { separator = Array(try reader.string("separator", default: "").utf8) }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        var shape: SymbolicShape? = SymbolicShape(Shape.scalar)
        var isKnown = true
        for index in 0..<inputs.count {
            guard let other = try inputs.text(index).shape else {
                isKnown = false
                continue
            }
            if other.rank > 0 { shape = other }
        }
        if !isKnown, shape?.rank == 0 { shape = nil }
        return [ValueFact(.string, shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        var axes: Set<Int> = []
        for index in 0..<inputs.count {
            if let axis = inputs.axis(index) {
                axes.insert(axis)
            } else if inputs.facts[index]?.shape?.rank != 0 {
                return .mixed(RowReason.positional)
            }
        }
        guard let axis = axes.first, axes.count == 1 else { return .mixed(RowReason.crossed) }
        return .rows(axis: axis, of: inputs)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        var operands: [StringTensor] = []
        var shape = Shape.scalar
        for index in context.inputs.indices {
            let operand = try context.strings(index)
            if operand.shape.rank > 0 {
                guard shape.rank == 0 || shape == operand.shape else {
                    throw OperatorError.invalidInput(
                        index: index, reason: "has shape \(operand.shape), which does not match \(shape)")
                }
                shape = operand.shape
            }
            operands.append(operand)
        }
        let builder = try TextBuilder(context, capacity: shape.elementCount)
        for place in 0..<shape.elementCount {
            var text: [UInt8] = []
            for (number, operand) in operands.enumerated() {
                if number > 0 { text += separator }
                text += operand.elements[operand.shape.rank == 0 ? 0 : place]
            }
            try builder.append(text)
        }
        return [try builder.tensor(shape)]
    }
}

/// Strings joined along axes.
///
/// - Shapes: string [A…], axes: int32 → the tensor without the axes (or with extent 1 there). Of several axes the first one named
///   is joined first; without axes the strings stay as they are.
/// - Source: TensorFlow operator ReduceJoin.
struct ReduceJoin: DynamicOperator {
    let keepsAxes: Bool
    let separator: [UInt8]

    init(_ reader: AttributeReader) throws(OperatorError) {
        keepsAxes = try reader.flag("keep_dims", default: false)
        separator = Array(try reader.string("separator", default: "").utf8)
    }

    var acceptsObjects: Bool { true }
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let texts = try inputs.text(0)
        try inputs.integers(1)
        guard let shape = texts.shape, let axes = inputs[1]?.integers else { return [ValueFact(.string, nil as SymbolicShape?)] }
        let reduced = try resolved(axes, rank: shape.rank)
        if keepsAxes {
            return [ValueFact(.string, SymbolicShape(shape.dimensions.enumerated().map { reduced.contains($0) ? .known(1) : $1 }))]
        }
        return [ValueFact(.string, SymbolicShape(shape.dimensions.enumerated().filter { !reduced.contains($0.offset) }.map(\.element)))]
    }

    private func resolved(_ axes: [Int], rank: Int) throws(OperatorError) -> [Int] {
        var result: [Int] = []
        for axis in axes {
            guard let axis = Shape.resolve(axis: axis, rank: rank) else {
                throw .invalidInput(index: 1, reason: "names axis \(axis), which a tensor of rank \(rank) does not have")
            }
            guard !result.contains(axis) else { throw .invalidInput(index: 1, reason: "names axis \(axis) twice") }
            result.append(axis)
        }
        return result
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0), shape = texts.shape
        let axes = try resolved(try context.integers(1), rank: shape.rank)
        guard !axes.isEmpty else { return [.strings(texts)] }
        let kept = shape.extents.indices.filter { !axes.contains($0) }
        let strides = shape.strides
        let outer = TupleWalk(extents: kept.map { shape[$0] }, steps: kept.map { strides[$0] })
        let inner = TupleWalk(extents: axes.reversed().map { shape[$0] }, steps: axes.reversed().map { strides[$0] })
        let builder = try TextBuilder(context, capacity: outer.count)
        for place in 0..<outer.count {
            let start = outer[place]
            var text: [UInt8] = []
            for part in 0..<inner.count {
                if part > 0 { text += separator }
                text += texts.elements[start + inner[part]]
            }
            try builder.append(text)
        }
        let extents = keepsAxes ? shape.extents.enumerated().map { axes.contains($0) ? 1 : $1 } : kept.map { shape[$0] }
        return [try builder.tensor(Shape(extents))]
    }
}

/// Offsets of positions that are counted along several axes, the last one fastest.
private struct TupleWalk {
    let extents: [Int]
    let steps: [Int]
    var count: Int { extents.reduce(1, ByteCount.product) }

    subscript(place: Int) -> Int {
        var rest = place, offset = 0
        for axis in extents.indices.reversed() {
            offset += rest % extents[axis] * steps[axis]
            rest /= extents[axis]
        }
        return offset
    }
}

/// Strings joined by the segment that each belongs to.
///
/// - Shapes: string [S…, A…], segments [S…] of int32 or int64, their number → string [segments, A…], empty where none belongs.
/// - Source: TensorFlow operator UnsortedSegmentJoin.
struct UnsortedSegmentJoin: DynamicOperator {
    let separator: [UInt8]

    init(_ reader: AttributeReader) throws(OperatorError) { separator = Array(try reader.string("separator", default: "").utf8) }

    var acceptsObjects: Bool { true }
    var shapeOperands: Set<Int> { [2] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let texts = try inputs.text(0), segments = try inputs.integers(1)
        try inputs.integers(2)
        guard let shape = texts.shape, let prefix = segments.shape, prefix.rank <= shape.rank else {
            return [ValueFact(.string, nil as SymbolicShape?)]
        }
        let count: Dimension = inputs[2]?.integers?.first.map { .known(max($0, 0)) } ?? .unknown
        return [ValueFact(.string, SymbolicShape([count] + shape.dimensions.dropFirst(prefix.rank)))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0), prefix = try context.required(1).shape
        let segments = try context.integers(1), count = try context.integer(2)
        guard texts.shape.extents.starts(with: prefix.extents) else {
            throw OperatorError.invalidInput(index: 1, reason: "has shape \(prefix), which does not begin \(texts.shape)")
        }
        guard segments.allSatisfy({ $0 >= 0 && $0 < count }) else {
            throw OperatorError.invalidValue("segment_ids are not allowed to exceed num_segments or to have negative values")
        }
        let inner = Array(texts.shape.extents.dropFirst(prefix.rank))
        guard let shape = Shape(checking: [count] + inner) else {
            throw OperatorError.invalidInput(index: 2, reason: "is \(count), which is no number of segments")
        }
        let width = texts.shape.elementCount(in: prefix.rank..<texts.shape.rank)
        return try context.withScratch(ByteCount.product(shape.elementCount, 24)) { () throws(OperatorError) in
            var members = [[Int]](repeating: [], count: count)
            for (place, segment) in segments.enumerated() { members[segment].append(place) }
            let builder = try TextBuilder(context, capacity: shape.elementCount)
            for segment in 0..<count {
                for column in 0..<width {
                    var text: [UInt8] = []
                    for (number, place) in members[segment].enumerated() {
                        if number > 0 { text += separator }
                        text += texts.elements[place * width + column]
                    }
                    try builder.append(text)
                }
            }
            return [try builder.tensor(shape)]
        }
    }
}
