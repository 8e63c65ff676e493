import GraphIR
import Tensors

/// Adds a border along every axis, or takes one away where a pad is negative.
///
/// - Shapes: data [d0, …, dn], pads [2·axes: befores, then afters] → [d0 + before + after, …].
/// - The border is a constant (0 unless given), a reflection without the edge, the edge itself, or the other end.
///   Cropping comes first: the border repeats what is left.
/// - Source: ONNX operator Pad; attributes before opset 11, inputs since; axes since opset 18, wrap since 19. TensorFlow operators
///   Pad, PadV2 and MirrorPad.
struct Pad: Operator, ElementMover {
    enum Mode: String, CaseIterable, Sendable { case constant, reflect, edge, wrap }

    var mode = Mode.constant
    /// Pads and value when they are attributes.
    var pads: [Int]?
    var value: Float = 0
    /// Whether the border repeats the edge in mode `reflect`, so that it is a mirror image of what lies behind it.
    var repeatsEdge = false
    /// Whether the pads are a matrix [axes, 2] of befores and afters, none of them negative.
    var padsArePairs = false

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(pads == nil ? 2...4 : 1...1)
        let data = try inputs.dense(0)
        if pads == nil, inputs[2] != nil {
            try inputs.checkSameType(2, as: 0)
            if let shape = inputs[2]?.shape?.concrete, shape.elementCount != 1 {
                throw .invalidInput(index: 2, reason: "has shape \(shape), expected a single value")
            }
        }
        let given = padsArePairs ? try pairs(inputs, of: data) : try inputs.parameters(1, or: pads)
        let axes = try inputs.parameters(3)
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        guard let given, inputs[3] == nil || axes != nil else {
            return [ValueFact(data.elementType, SymbolicShape(unknownRank: shape.rank))]
        }
        let borders = try borders(given, axes: axes, rank: shape.rank)
        var result = shape
        for (axis, border) in borders.enumerated() where border != Border() {
            result[axis] =
                try shape[axis].value.map { extent throws(OperatorError) in
                    .known(try border.paddedExtent(of: extent, axis: axis, pad: self))
                } ?? .unknown
        }
        return [ValueFact(data.elementType, try result.checked("the output"))]
    }

    var shapeOperands: Set<Int> { pads == nil ? [1, 3] : [] }
    func movesElements(ofInput index: Int) -> Bool { index == 0 || index == 2 }

    /// The output's shape does not show at which end a border is, so that pads which depend on the number of rows are none.
    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let axis = inputs.onlyAxis(), let rank = inputs.extents(0)?.count, let given = pads ?? inputs.integers(1).map(inOrder)
            else {
                return .mixed(RowReason.parameter)
            }
            let borders = try borders(given, axes: inputs.integers(3), rank: rank)
            guard borders[axis] == Border() else { return .mixed("adds positions to the axis of the rows") }
            let isFixed = inputs.isFixed(1) && inputs.isFixed(3)
            guard isFixed || borders.allSatisfy({ $0 == Border() }) else { return .mixed(RowReason.counted) }
            return .rows(axis: axis, of: inputs)
        }
    }

    private func borders(_ pads: [Int], axes: [Int]?, rank: Int) throws(OperatorError) -> [Border] {
        let axes = try Axes.resolve(axes ?? Array(0..<rank), rank: rank)
        // Neither sums of pads nor their negatives overflow below.
        guard pads.allSatisfy({ $0.magnitude <= UInt(Shape.maximumElementCount) }) else {
            throw .invalidValue("pads \(pads) do not fit: each is at most \(Shape.maximumElementCount) elements")
        }
        guard pads.count == 2 * axes.count else {
            throw .invalidValue(
                "has \(pads.count) pads \(pads), expected \(2 * axes.count): one before and one after each of \(axes.count) axes")
        }
        var borders = [Border](repeating: Border(), count: rank)
        for (index, axis) in axes.enumerated() {
            borders[axis] = Border(before: pads[index], after: pads[index + axes.count])
        }
        return borders
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0)
        let given = inOrder(try context.parameters(1, or: pads))
        let borders = try borders(given, axes: context.optionalParameters(3), rank: input.shape.rank)
        if borders.allSatisfy({ $0 == Border() }) { return .view(of: 0) }
        if context.makesNothing { return .nothing }
        let maps = zip(borders, input.shape.extents).map { $0.map(extent: $1, pad: self) }
        let copy = MappedCopy(input: input.shape, maps: maps, elementByteCount: input.elementType.byteCount)
        return CompiledOperator(
            PadKernel(copy: copy, filler: input.elementType.bits(of: value), hasFillerInput: pads == nil && context.has(2)))
    }

    /// The pads of a matrix in the order of a list: befores, then afters; nil while they are not known.
    private func pairs(_ inputs: OperatorInputs, of data: ValueFact) throws(OperatorError) -> [Int]? {
        let fact = try inputs.indices(1)
        if let shape = fact.shape {
            guard shape.rank == 2, shape[1].value.map({ $0 == 2 }) ?? true else {
                throw .invalidInput(index: 1, reason: "is \(shape), expected a pair for each axis")
            }
            if let rank = data.rank, let count = shape[0].value, count != rank {
                throw .invalidInput(index: 1, reason: "has pairs for \(count) axes, input 0 has \(rank)")
            }
        }
        guard let pads = fact.integers else { return nil }
        guard pads.allSatisfy({ $0 >= 0 }) else { throw .invalidInput(index: 1, reason: "holds a negative number of elements: \(pads)") }
        return inOrder(pads)
    }

    private func inOrder(_ pads: [Int]) -> [Int] {
        guard padsArePairs else { return pads }
        return stride(from: 0, to: pads.count, by: 2).map { pads[$0] } + stride(from: 1, to: pads.count, by: 2).map { pads[$0] }
    }

    /// TensorFlow's MirrorPad and what is fused with it.
    static func mirror(_ reader: AttributeReader) throws(OperatorError) -> Pad {
        switch try reader.string("mode") {
        case "REFLECT": return Pad(mode: .reflect, padsArePairs: true)
        case "SYMMETRIC": return Pad(mode: .reflect, repeatsEdge: true, padsArePairs: true)
        case let other: throw .invalidAttribute(name: "mode", reason: "is \(other ?? "missing"), expected REFLECT or SYMMETRIC")
        }
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("Pad") { _ in Pad(padsArePairs: true) },
        .tensorFlow("PadV2") { _ in Pad(padsArePairs: true) },
        .tensorFlow("MirrorPad") { reader throws(OperatorError) in try mirror(reader) },
        .onnx("Pad", through: 1) { reader throws(OperatorError) in try fromAttributes(reader, pads: "paddings") },
        .onnx("Pad", since: 2, through: 10) { reader throws(OperatorError) in
            try fromAttributes(reader, pads: "pads")
        },
        .onnx("Pad", since: 11) { reader throws(OperatorError) in Pad(mode: try reader.choice("mode", default: .constant)) },
    ]

    private static func fromAttributes(_ reader: AttributeReader, pads name: String) throws(OperatorError) -> Pad {
        guard let pads = try reader.integers(name) else { throw .invalidAttribute(name: name, reason: "is missing") }
        return Pad(
            mode: try reader.choice("mode", default: .constant), pads: pads,
            value: try reader.float("value", default: 0))
    }
}

/// What is added before and after one axis; negative takes away.
private struct Border: Equatable {
    var before = 0
    var after = 0

    /// The extent with the border, after it is found to make sense.
    func paddedExtent(of extent: Int, axis: Int, pad: Pad) throws(OperatorError) -> Int {
        let mode = pad.mode
        let (padded, overflow) = extent.addingReportingOverflow(before + after)
        guard !overflow, padded >= 0, padded <= Shape.maximumElementCount else {
            throw .invalidValue("pads \(before) and \(after) do not fit axis \(axis) of extent \(extent)")
        }
        let kept = extent + min(before, 0) + min(after, 0)
        guard mode == .constant || kept > 0 || padded == 0 else {
            throw .invalidValue(
                "mode \(mode.rawValue) has nothing to repeat along axis \(axis) of extent \(extent) with pads \(before) and "
                    + "\(after)"
            )
        }
        // TensorFlow's mirrors show each element once at most.
        if pad.padsArePairs, mode == .reflect, max(before, after) > (pad.repeatsEdge ? extent : max(extent - 1, 0)) {
            throw .invalidValue("pads \(before) and \(after) are more than axis \(axis) of extent \(extent) can mirror")
        }
        return padded
    }

    /// The source position of each output position.
    func map(extent: Int, pad: Pad) -> [Int] {
        let mode = pad.mode
        let first = max(-before, 0), kept = extent + min(before, 0) + min(after, 0)
        return (0..<extent + before + after).map { position in
            let place = position - max(before, 0)
            if place >= 0, place < kept { return first + place }
            switch mode {
            case .constant: return MappedCopy.filler
            case .edge: return first + (place < 0 ? 0 : kept - 1)
            case .wrap: return first + Self.modulo(place, kept)
            case .reflect where pad.repeatsEdge:
                let phase = Self.modulo(place, 2 * kept)
                return first + min(phase, 2 * kept - 1 - phase)
            case .reflect:
                guard kept > 1 else { return first }
                let period = 2 * (kept - 1), phase = Self.modulo(place, period)
                return first + min(phase, period - phase)
            }
        }
    }

    private static func modulo(_ value: Int, _ divisor: Int) -> Int {
        let remainder = value % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}

private struct PadKernel: Kernel {
    let copy: MappedCopy
    let filler: UInt64
    let hasFillerInput: Bool

    func run(_ context: KernelContext) {
        if hasFillerInput {
            copy.run(from: context.input(0), to: context.output(0), filler: context.input(2))
        } else {
            withUnsafeBytes(of: filler.littleEndian) { bytes in
                copy.run(from: context.input(0), to: context.output(0), filler: bytes.baseAddress!)
            }
        }
    }
}

extension ElementType {
    /// The bits of `value` as one element of this type, in the low bytes: rounded to integers towards zero, bool by
    /// being other than 0. Values outside an integer's range become its nearest; in integers of 2 and 4 bits they lose their high bits.
    func bits(of value: Float) -> UInt64 {
        switch self {
        case .float32: UInt64(value.bitPattern)
        case .float64: Double(value).bitPattern
        case .float16: UInt64(HalfPrecision.binary16(from: value))
        case .bfloat16: UInt64(HalfPrecision.bfloat16(from: value))
        case .bool: value != 0 ? 1 : 0
        // The real part; the imaginary one is 0.
        case .complex64: UInt64(value.bitPattern)
        case .complex128: Double(value).bitPattern
        case .string: 0
        case .int8: clamped(value, Int8.self)
        case .int16: clamped(value, Int16.self)
        case .int32: clamped(value, Int32.self)
        case .int64: clamped(value, Int64.self)
        case .uint8: clamped(value, UInt8.self)
        case .uint16: clamped(value, UInt16.self)
        case .uint32: clamped(value, UInt32.self)
        case .uint64: clamped(value, UInt64.self)
        case let type: type.narrow.map { UInt64($0.code(of: Double(value))) } ?? 0
        }
    }

    private func clamped<Integer: FixedWidthInteger>(_ value: Float, _: Integer.Type) -> UInt64 {
        let integer = value.isNaN ? 0 : Integer(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
        return UInt64(truncatingIfNeeded: integer)
    }
}
