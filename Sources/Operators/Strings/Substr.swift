import GraphIR
import Tensors

/// Parts of strings, in bytes or in UTF-8 characters.
///
/// - Shapes: string [A…], positions and lengths [B…] of one shape (int32 or int64) → string, [A…] and [B…] broadcast. A negative
///   position counts from the end; a part ends with the string at the latest.
/// - Source: TensorFlow operator Substr.
struct Substr: DynamicOperator {
    let countsCharacters: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        countsCharacters = try reader.choice("unit", default: TextUnit.bytes) == .characters
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let texts = try inputs.text(0), positions = try inputs.integers(1)
        try inputs.integers(2)
        guard let left = texts.shape, let right = positions.shape else { return [ValueFact(.string, nil as SymbolicShape?)] }
        guard let shape = SymbolicShape.broadcast(left, right) else {
            throw .invalidInput(index: 1, reason: "has shape \(right), which does not broadcast with \(left)")
        }
        return [ValueFact(.string, shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.extents(1)?.isEmpty == true, inputs.extents(2)?.isEmpty == true else { return .mixed(RowReason.positional) }
        return inputs.elementwise()
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0)
        let shape = try context.required(1).shape
        guard try context.required(2).shape == shape else {
            throw OperatorError.invalidInput(index: 2, reason: "has shape \(try context.required(2).shape), the positions \(shape)")
        }
        let positions = try context.integers(1), lengths = try context.integers(2)
        guard !positions.isEmpty else { throw OperatorError.invalidInput(index: 1, reason: "is empty") }
        guard let result = Shape.broadcast(texts.shape, shape) else {
            throw OperatorError.invalidInput(index: 1, reason: "has shape \(shape), which does not broadcast with \(texts.shape)")
        }
        let builder = try TextBuilder(context, capacity: result.elementCount)
        let left = BroadcastPlaces(from: texts.shape, to: result), right = BroadcastPlaces(from: shape, to: result)
        for place in 0..<result.elementCount {
            let text = texts.elements[left[place]], parameter = right[place]
            guard let part = part(text, positions[parameter], lengths[parameter]) else {
                throw OperatorError.invalidValue(
                    "pos \(positions[parameter]) out of range for string b'\(OperatorError.shown(text))' at index \(place)")
            }
            if part == text.startIndex..<text.endIndex { try builder.append(text) } else { try builder.append(text[part]) }
        }
        return [try builder.tensor(result)]
    }

    /// The bytes that the part takes; nil when it begins outside.
    private func part(_ text: [UInt8], _ position: Int, _ length: Int) -> Range<Int>? {
        guard countsCharacters else {
            let start = position < 0 ? text.count &+ position : position
            guard start >= 0, start <= text.count else { return nil }
            // A negative length is none: the rest is taken.
            return start..<(length < 0 ? text.count : start + min(length, text.count - start))
        }
        if position >= 0 {
            let start = Utf8Positions.forward(text, from: 0, by: position)
            guard start.isComplete else { return nil }
            return start.position..<Utf8Positions.forward(text, from: start.position, by: max(length, 0)).position
        }
        let skipped = max(0, (0 &- position) &- length)
        guard let end = Utf8Positions.backward(text, from: text.count, by: skipped),
            let start = Utf8Positions.backward(text, from: end, by: (0 &- position) &- skipped)
        else { return nil }
        return start..<end
    }
}

/// What lengths of strings count.
enum TextUnit: String, CaseIterable {
    case bytes = "BYTE"
    case characters = "UTF8_CHAR"
}

/// Where the element of an operand lies that broadcasting brings to a place of the result.
struct BroadcastPlaces {
    private let extents: [Int]
    private let steps: [Int]
    private let isIdentity: Bool

    init(from shape: Shape, to result: Shape) {
        extents = result.extents
        let strides = shape.strides, offset = result.rank - shape.rank
        steps = result.extents.indices.map { axis in
            axis < offset || shape[axis - offset] == 1 ? 0 : strides[axis - offset]
        }
        isIdentity = shape == result
    }

    subscript(place: Int) -> Int {
        if isIdentity { return place }
        var rest = place, position = 0
        for axis in extents.indices.reversed() {
            position += rest % extents[axis] * steps[axis]
            rest /= extents[axis]
        }
        return position
    }
}
