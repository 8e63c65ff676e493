import GraphIR
import Tensors

/// Element-wise equality of strings, or its negation, with broadcasting.
///
/// - Shapes: as `Equality`.
/// - Source: TensorFlow Equal, NotEqual of strings; ONNX Equal of strings (opset 19).
struct TextEquality: DynamicOperator {
    let isNegated: Bool
    var refusesShapes = true

    var name: String { isNegated ? "NotEqual" : "Equal" }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try TextPair.check(inputs)
        return [ValueFact(.bool, try EqualityShape(refusesShapes: refusesShapes).result(inputs))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { EqualityShape(refusesShapes: refusesShapes).rows(inputs) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let isNegated = isNegated
        guard let pair = try TextPair(context) else {
            guard !refusesShapes else { throw OperatorError.invalidInput(index: 1, reason: "does not broadcast with input 0") }
            return [.tensor(Tensor(scalar: isNegated))]
        }
        let result = try context.makeTensor(TensorSpec(.bool, pair.shape)) { bytes in
            var place = 0
            pair.forEach { first, second in
                bytes[place] = (first == second) != isNegated ? 1 : 0
                place += 1
            }
        }
        return [.tensor(result)]
    }
}

/// Strings put one behind the other, element by element with broadcasting.
///
/// - Source: TensorFlow Add of strings; ONNX StringConcat (opset 20).
struct TextConcatenation: DynamicOperator {
    var name = "Add"
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try TextPair.check(inputs)
        return [ValueFact(.string, try Broadcasting.resultShape(inputs, 0..<2))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<2) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        guard let pair = try TextPair(context) else {
            throw OperatorError.invalidInput(index: 1, reason: "does not broadcast with input 0")
        }
        var byteCount = ByteCount.of([UInt8].self, pair.shape.elementCount)
        pair.forEach { first, second in byteCount = ByteCount.sum(byteCount, first.count, second.count) }
        return try context.withScratch(byteCount) { () throws(OperatorError) in
            var elements: [[UInt8]] = []
            elements.reserveCapacity(pair.shape.elementCount)
            pair.forEach { first, second in elements.append(first + second) }
            return [.strings(StringTensor(shape: pair.shape, elements: elements))]
        }
    }
}

/// Two tensors of strings that broadcast.
private struct TextPair {
    let shape: Shape
    private let first: StringTensor
    private let second: StringTensor

    static func check(_ inputs: OperatorInputs) throws(OperatorError) {
        try inputs.checkCount(2...2)
        for index in 0..<2 {
            let type = try inputs.required(index).valueType
            guard type.isText else { throw .invalidInput(index: index, reason: "is \(type), expected a tensor of strings") }
        }
    }

    /// nil when the operands do not broadcast.
    init?(_ context: EvaluationContext) throws(OperatorError) {
        first = try Self.strings(context, 0)
        second = try Self.strings(context, 1)
        guard let shape = Shape.broadcast(first.shape, second.shape) else { return nil }
        self.shape = shape
    }

    private static func strings(_ context: EvaluationContext, _ index: Int) throws(OperatorError) -> StringTensor {
        let value = try context.value(index)
        guard case .object(.strings(let tensor)) = value else {
            throw .invalidInput(index: index, reason: "is \(value.kind), expected a tensor of strings")
        }
        return tensor
    }

    func forEach(_ body: ([UInt8], [UInt8]) -> Void) {
        let walk = BroadcastWalk(result: shape, operands: [first.shape, second.shape])
        walk.forEachBlock { firstOffset, secondOffset, _ in
            for row in 0..<walk.rows.extent {
                for column in 0..<walk.columns.extent {
                    body(
                        first.elements[firstOffset + row * walk.rows.steps.0 + column * walk.columns.steps.0],
                        second.elements[secondOffset + row * walk.rows.steps.1 + column * walk.columns.steps.1])
                }
            }
        }
    }
}
