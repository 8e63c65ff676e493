import GraphIR
import Tensors

/// How the shape of a second operand is matched with the first.
enum BroadcastRule: Sendable {
    /// From the last axis on, either side stretching: NumPy's rule, opset 7 and later.
    case multidirectional
    /// Opset 6 and earlier without `broadcast`: the shapes are equal.
    case equal
    /// Opset 6 and earlier with `broadcast`: the second operand's axes start at `axis` of the first; nil means that its
    /// last axis is the first's last.
    case aligned(axis: Int?)

    /// The rule that a node's version and attributes state.
    init(_ node: AttributeReader) throws(OperatorError) {
        if node.version >= 7 {
            self = .multidirectional
        } else if try node.flag("broadcast", default: false) {
            self = .aligned(axis: try node.integer("axis"))
        } else {
            self = .equal
        }
    }

    /// The second operand's extents with 1 appended so that ordinary broadcasting gives what the rule means.
    ///
    /// - Parameter ranks: of the first and of the second operand.
    func trailingOnes(ranks: (Int, Int)) throws(OperatorError) -> Int {
        guard case .aligned(let axis?) = self else { return 0 }
        let (first, second) = ranks
        guard let start = Shape.resolve(axis: axis, rank: first), start + second <= first else {
            throw .invalidInput(
                index: 1, reason: "has rank \(second), which does not fit at axis \(axis) of input 0 of rank \(first)")
        }
        return first - start - second
    }

    /// The second operand's shape, ready for ordinary broadcasting.
    func secondShape(_ second: Shape, first: Shape) throws(OperatorError) -> Shape {
        let ones = try trailingOnes(ranks: (first.rank, second.rank))
        return Shape(second.extents + [Int](repeating: 1, count: ones))
    }
}

extension BroadcastRule {
    /// The shape of a result over two operands, as far as it is known.
    func resultShape(_ first: ValueFact, _ second: ValueFact) throws(OperatorError) -> SymbolicShape? {
        guard let a = first.shape, var b = second.shape else { return nil }
        b.dimensions += [Dimension](repeating: .known(1), count: try trailingOnes(ranks: (a.rank, b.rank)))
        if case .equal = self {
            guard a.rank == b.rank, zip(a.dimensions, b.dimensions).allSatisfy({ Dimension.unified($0, $1) != nil }) else {
                throw .invalidInput(
                    index: 1, reason: "has shape \(b), input 0 has \(a); before opset 7 they are equal unless broadcast is 1")
            }
            return SymbolicShape(zip(a.dimensions, b.dimensions).map { Dimension.unified($0, $1) ?? .unknown })
        }
        return try Broadcasting.joined(a, b, index: 1)
    }
}

extension BroadcastRule {
    /// The rows of a result over inputs 0 and 1.
    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let ranks = (inputs.extents(0)?.count ?? 0, inputs.extents(1)?.count ?? 0)
            let second = RowOperand(inputs, 1, trailingOnes: try trailingOnes(ranks: ranks))
            return inputs.broadcast([RowOperand(inputs, 0), second].compactMap(\.self))
        }
    }
}

/// Shapes of results over operands that stretch to one another.
enum Broadcasting {
    /// The shape that all `indices` broadcast to; nil as long as one of them has no known rank.
    static func resultShape(_ inputs: OperatorInputs, _ indices: Range<Int>) throws(OperatorError) -> SymbolicShape? {
        var result: SymbolicShape? = SymbolicShape([])
        for index in indices {
            guard let shape = try inputs.required(index).shape, let known = result else {
                result = nil
                continue
            }
            result = try joined(known, shape, index: index)
        }
        return result
    }

    static func joined(_ shape: SymbolicShape, _ other: SymbolicShape, index: Int) throws(OperatorError) -> SymbolicShape {
        guard let result = SymbolicShape.broadcast(shape, other) else {
            throw .invalidInput(
                index: index, reason: "has shape \(other), which does not broadcast with \(shape); extents must be equal or 1")
        }
        return result
    }
}

extension CompileContext {
    /// Permissions to write the only output over those inputs among `indices` that it matches element for element.
    func inPlace(_ indices: Range<Int>) -> [InPlace] {
        let output = outputs[0]
        return indices.filter { index in
            guard index < inputs.count, let input = inputs[index] else { return false }
            return input.shape.elementCount == output.shape.elementCount && input.byteCount == output.byteCount
        }.map { InPlace(output: 0, input: $0) }
    }
}
