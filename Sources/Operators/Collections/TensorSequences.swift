import GraphIR
import Tensors

/// Operators that make, change and read sequences of tensors, of numbers or strings, whose shapes may differ.
///
/// - Source: ONNX operators SequenceConstruct, SequenceEmpty, SequenceInsert, SequenceErase, SequenceAt, SequenceLength (opset 11).
enum TensorSequences {
    static let spellings: [OperatorSpelling] = [
        .onnx("SequenceConstruct", since: 11) { _ throws(OperatorError) in construct },
        .onnx("SequenceEmpty", since: 11) { reader throws(OperatorError) in
            let number = try reader.integer("dtype", default: 1)
            guard let type = ElementType(onnxNumber: number) else { throw .unsupported("a sequence of data type \(number)") }
            return empty(of: type)
        },
        .onnx("SequenceInsert", since: 11) { _ throws(OperatorError) in insert },
        .onnx("SequenceErase", since: 11) { _ throws(OperatorError) in erase },
        .onnx("SequenceAt", since: 11) { _ throws(OperatorError) in element },
        .onnx("SequenceLength", since: 11) { _ throws(OperatorError) in length },
    ]

    /// tensors… → a sequence of them.
    private static let construct = ListOperator("SequenceConstruct", inputs: 1...Sequences.maximumCount) {
        inputs throws(OperatorError) in
        var element = try inputs.tensor(0)
        for index in 1..<inputs.count {
            element = try join(element, try inputs.tensor(index), input: index)
        }
        return [Sequences.fact(of: element)]
    } run: { context throws(OperatorError) in
        try Sequences.check(count: context.inputs.count)
        var elements: [RuntimeValue] = []
        for index in context.inputs.indices { elements.append(try context.copy(try context.value(index))) }
        return [.sequence(elements)]
    }

    private static func empty(of type: ElementType) -> ListOperator {
        ListOperator("SequenceEmpty", inputs: 0...0) { _ throws(OperatorError) in
            [Sequences.fact(of: TensorType(type, nil))]
        } run: { _ throws(OperatorError) in
            [.sequence([])]
        }
    }

    /// sequence, tensor, position int32 or int64 [] (the end when it is left out) → the sequence with the tensor before that
    /// position.
    private static let insert = ListOperator("SequenceInsert", inputs: 2...3) { inputs throws(OperatorError) in
        let element = try join(try inputs.sequence(0), try inputs.tensor(1), input: 1)
        try inputs.checkPosition(2)
        return [Sequences.fact(of: element)]
    } run: { context throws(OperatorError) in
        var elements = try context.sequence(0)
        let count = elements.count
        try Sequences.check(count: count + 1)
        let position = context.has(2) ? try context.position(2, count: count, limit: count + 1) : count
        elements.insert(try context.copy(try context.value(1)), at: position)
        return [.sequence(elements)]
    }

    /// sequence, position int32 or int64 [] (the last when it is left out) → the sequence without that element.
    private static let erase = ListOperator("SequenceErase", inputs: 1...2) { inputs throws(OperatorError) in
        let element = try inputs.sequence(0)
        try inputs.checkPosition(1)
        return [Sequences.fact(of: element)]
    } run: { context throws(OperatorError) in
        var elements = try context.sequence(0)
        let count = elements.count
        guard count > 0 else { throw .invalidValue("removes an element of an empty sequence") }
        elements.remove(at: context.has(1) ? try context.position(1, count: count, limit: count) : count - 1)
        return [.sequence(elements)]
    }

    /// sequence, position int32 or int64 [] → the element there.
    private static let element = ListOperator("SequenceAt", inputs: 2...2) { inputs throws(OperatorError) in
        let element = try inputs.sequence(0)
        _ = try inputs.required(1)
        try inputs.checkPosition(1)
        return [ValueFact(element)]
    } run: { context throws(OperatorError) in
        let elements = try context.sequence(0)
        return [elements[try context.position(1, count: elements.count, limit: elements.count)]]
    }

    /// sequence → int64 [], how many elements it has.
    private static let length = ListOperator("SequenceLength", inputs: 1...1) { inputs throws(OperatorError) in
        _ = try inputs.sequence(0)
        return [ValueFact(.int64, Shape.scalar)]
    } run: { context throws(OperatorError) in
        [try context.integers([try context.sequence(0).count], Shape.scalar)]
    }

    private static func join(_ left: TensorType, _ right: TensorType, input: Int) throws(OperatorError) -> TensorType {
        guard left.elementType == right.elementType else {
            throw .invalidInput(index: input, reason: "is \(right), the elements of the sequence are \(left)")
        }
        return TensorType(left.elementType, SymbolicShape.join(left.shape, right.shape))
    }
}
