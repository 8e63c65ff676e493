import GraphIR
import Tensors

/// A tensor cut along an axis into a sequence of parts.
///
/// - Shapes: data [d0, …, dn] of any type, lengths int32 or int64: [k] one for each part, [] for all but the last, which may be
///   shorter, absent for 1 → a sequence of tensors. Without lengths and without `keepsAxis` the parts do not have the axis.
/// - Source: ONNX operator SplitToSequence (opset 11, 24).
struct SplitToSequence: DynamicOperator {
    let axis: Int
    let keepsAxis: Bool

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...2)
        let data = try inputs.tensor(0)
        let hasLengths = inputs[1] != nil
        if hasLengths {
            let lengths = try inputs.required(1, of: [.int32, .int64])
            if let rank = lengths.rank, rank > 1 {
                throw .invalidInput(index: 1, reason: "has rank \(rank), expected a length or a list of lengths")
            }
        }
        guard var shape = data.shape else { return [Sequences.fact(of: data)] }
        let along = try Axes.resolve(axis, rank: shape.rank)
        if hasLengths {
            shape[along] = .unknown
        } else if keepsAxis {
            shape[along] = .known(1)
        } else {
            shape.dimensions.remove(at: along)
        }
        return [Sequences.fact(of: TensorType(data.elementType, shape))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let data = try context.elements(0)
        let along = try Axes.resolve(axis, rank: data.shape.rank)
        let lengths = try lengths(of: data.shape[along], context)
        let dropsAxis = !keepsAxis && !context.has(1)
        var parts: [RuntimeValue] = []
        var start = 0
        for length in lengths {
            try context.checkStop()
            parts.append(try part(of: data, along, start..<start + length, dropsAxis: dropsAxis, context))
            start += length
        }
        return [.sequence(parts)]
    }

    /// Lengths of the parts, which together are `extent`.
    private func lengths(of extent: Int, _ context: EvaluationContext) throws(OperatorError) -> [Int] {
        guard context.has(1) else { return try Self.equal(1, of: extent) }
        let numbers = try context.integers(1)
        guard try context.required(1).shape.rank > 0 else { return try Self.equal(numbers.first ?? 0, of: extent) }
        try Sequences.check(count: numbers.count)
        var rest = extent
        for number in numbers {
            guard number >= 0, number <= rest else {
                throw .invalidValue("has part lengths that do not sum to \(extent), the data's extent along the axis")
            }
            rest -= number
        }
        guard rest == 0 else {
            throw .invalidValue("has part lengths that sum to \(extent - rest), the data has extent \(extent) along the axis")
        }
        return numbers
    }

    private static func equal(_ length: Int, of extent: Int) throws(OperatorError) -> [Int] {
        guard length > 0 else { throw .invalidValue("has the part length \(length), expected a positive one") }
        let whole = extent / length, rest = extent % length
        let count = whole + (rest > 0 ? 1 : 0)
        try Sequences.check(count: count)
        var lengths = [Int](repeating: length, count: whole)
        if rest > 0 { lengths.append(rest) }
        return lengths
    }

    /// - Precondition: `range` lies within the axis.
    private func part(
        of data: ElementList, _ along: Int, _ range: Range<Int>, dropsAxis: Bool, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        var extents = data.shape.extents
        let extent = extents[along], inner = data.shape.elementCount(in: along + 1..<extents.count)
        if dropsAxis { extents.remove(at: along) } else { extents[along] = range.count }
        let shape = try Shape(checked: extents, what: "a part")
        let chunks = BlockedChunks(
            outerCount: shape.elementCount == 0 ? 0 : data.shape.elementCount(in: 0..<along), length: range.count * inner,
            start: range.lowerBound * inner, step: extent * inner)
        return try chunks.gathered(data, shape, context)
    }
}

/// Pieces of equal length at equal distances.
private struct BlockedChunks {
    let outerCount: Int
    let length: Int
    let start: Int
    let step: Int

    /// The pieces one behind the other, under `shape`, which has as many elements.
    func gathered(_ data: ElementList, _ shape: Shape, _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        switch data {
        case .dense(let view):
            let width = view.elementType.byteCount
            return .tensor(
                try context.makeTensor(TensorSpec(view.elementType, shape)) { bytes in
                    guard let target = bytes.baseAddress else { return }
                    for outer in 0..<outerCount {
                        (target + outer * length * width).copyMemory(
                            from: view.baseAddress + (outer * step + start) * width, byteCount: length * width)
                    }
                })
        case .strings(let tensor):
            var elements: [[UInt8]] = []
            for outer in 0..<outerCount {
                let first = outer * step + start
                elements += tensor.elements[first..<first + length]
            }
            return .strings(StringTensor(shape: shape, elements: elements))
        }
    }
}

/// The elements of a sequence one behind the other along an axis, or along a new one.
///
/// - Shapes: a sequence of tensors that differ along the axis alone, or of one shape when the axis is new → a tensor.
/// - Source: ONNX operator ConcatFromSequence (opset 11).
struct ConcatFromSequence: DynamicOperator {
    let axis: Int
    let isNewAxis: Bool

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let element = try inputs.sequence(0)
        guard var shape = element.shape else { return [ValueFact(element.elementType, nil as SymbolicShape?)] }
        let along = try Axes.resolve(axis, rank: shape.rank + (isNewAxis ? 1 : 0))
        if isNewAxis { shape.dimensions.insert(.unknown, at: along) } else { shape[along] = .unknown }
        return [ValueFact(element.elementType, try shape.checked("the output"))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let elements = try context.sequence(0)
        let shapes = try elements.map { element throws(OperatorError) in
            guard let shape = element.tensorShape else { throw .invalidValue("joins \(element.kind), expected tensors") }
            return shape
        }
        guard let first = shapes.first, let type = elements.first?.tensorElementType else {
            throw OperatorError.invalidValue("joins the elements of an empty sequence")
        }
        guard elements.allSatisfy({ $0.tensorElementType == type }) else {
            throw OperatorError.invalidValue("joins elements of different types")
        }
        let along = try Axes.resolve(axis, rank: first.rank + (isNewAxis ? 1 : 0))
        let shape = try result(shapes, first, along)
        let outerCount = shape.elementCount == 0 ? 0 : shape.elementCount(in: 0..<along)
        let lengths = shapes.map { $0.elementCount(in: along..<$0.rank) }
        try context.checkStop()
        return [try Self.join(elements, lengths, outerCount: outerCount, TensorSpec(type, shape), context)]
    }

    private func result(_ shapes: [Shape], _ first: Shape, _ along: Int) throws(OperatorError) -> Shape {
        var extents = first.extents
        var sum = 0
        for shape in shapes {
            var others = shape.extents
            if !isNewAxis, others.count == extents.count {
                let (next, overflow) = sum.addingReportingOverflow(others[along])
                guard !overflow else { throw .invalidValue("joins more elements than a tensor can have") }
                sum = next
                others[along] = extents[along]
            }
            guard others == extents else {
                throw .invalidValue("joins an element of shape \(shape) to others of shape \(first) along axis \(along)")
            }
        }
        if isNewAxis { extents.insert(shapes.count, at: along) } else { extents[along] = sum }
        return try Shape(checked: extents, what: "the joined elements")
    }

    /// - Parameter lengths: how many numbers of each element lie together.
    private static func join(
        _ elements: [RuntimeValue], _ lengths: [Int], outerCount: Int, _ spec: TensorSpec, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        if spec.elementType == .string {
            return try context.withScratch(ByteCount.product(spec.shape.elementCount, MemoryLayout<[UInt8]>.stride)) {
                () throws(OperatorError) in
                var texts: [[UInt8]] = []
                for outer in 0..<outerCount {
                    for (element, length) in zip(elements, lengths) {
                        guard case .strings(let tensor) = element else { continue }
                        texts += tensor.elements[outer * length..<(outer + 1) * length]
                    }
                }
                return .strings(StringTensor(shape: spec.shape, elements: texts))
            }
        }
        let width = spec.elementType.byteCount
        return .tensor(
            try context.makeTensor(spec) { bytes in
                guard var target = bytes.baseAddress else { return }
                for outer in 0..<outerCount {
                    for (element, length) in zip(elements, lengths) {
                        guard case .tensor(let tensor) = element, length > 0 else { continue }
                        tensor.withBytes { source in
                            guard let base = source.baseAddress else { return }
                            target.copyMemory(from: base + outer * length * width, byteCount: length * width)
                        }
                        target += length * width
                    }
                }
            })
    }
}

enum SequencePartOperators {
    static let spellings: [OperatorSpelling] = [
        .onnx("SplitToSequence", since: 11) { reader throws(OperatorError) in
            SplitToSequence(
                axis: try reader.integer("axis", default: 0), keepsAxis: try reader.flag("keepdims", default: true))
        },
        .onnx("ConcatFromSequence", since: 11) { reader throws(OperatorError) in
            guard let axis = try reader.integer("axis") else { throw .invalidAttribute(name: "axis", reason: "is missing") }
            return ConcatFromSequence(axis: axis, isNewAxis: try reader.flag("new_axis", default: false))
        },
    ]
}
