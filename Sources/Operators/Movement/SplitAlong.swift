import GraphIR
import Tensors

/// One input cut into parts along an axis that is an input.
///
/// - Shapes: data [d0, …, dn] → parts that sum to the data along the axis. One of the given lengths may be -1: what is left.
/// - Source: TensorFlow's Split (axis, data; equal parts) and SplitV (data, lengths, axis).
struct SplitAlong: ElementMover {
    var count: Int
    var takesLengths = false

    var name: String { takesLengths ? "SplitV" : "Split" }
    private var dataInput: Int { takesLengths ? 0 : 1 }
    private var axisInput: Int { takesLengths ? 2 : 0 }

    func movesElements(ofInput index: Int) -> Bool { index == dataInput }
    var shapeOperands: Set<Int> { takesLengths ? [1, 2] : [0] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(takesLengths ? 3...3 : 2...2)
        let data = try inputs.dense(dataInput)
        let axis = try inputs.parameters(axisInput)
        let lengths = takesLengths ? try inputs.parameters(1) : nil
        guard let shape = data.shape else {
            return [ValueFact](repeating: ValueFact(data.elementType, nil as SymbolicShape?), count: count)
        }
        guard let axis else {
            return [ValueFact](repeating: ValueFact(data.elementType, SymbolicShape(unknownRank: shape.rank)), count: count)
        }
        let along = try Self.resolve(axis, rank: shape.rank)
        let extents = try parts(of: shape[along], lengths)
        return try extents.map { extent throws(OperatorError) in
            var part = shape
            part[along] = extent
            return ValueFact(data.elementType, try part.checked("a part"))
        }
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let along = inputs.onlyAxis(of: dataInput), let axis = inputs.integers(axisInput), inputs.isFixed(axisInput),
                takesLengths ? inputs.isFixed(1) : true
            else { return .mixed(RowReason.parameter) }
            guard try Self.resolve(axis, rank: inputs.extents(dataInput)?.count ?? 0) != along else {
                return .mixed(RowReason.selected)
            }
            return .rows(axis: along, of: inputs)
        }
    }

    private static func resolve(_ axis: [Int], rank: Int) throws(OperatorError) -> Int {
        guard axis.count == 1 else { throw .invalidValue("has the axes \(axis), expected one") }
        return try Axes.resolve(axis[0], rank: rank)
    }

    private func parts(of extent: Dimension, _ lengths: [Int]?) throws(OperatorError) -> [Dimension] {
        guard takesLengths else {
            guard let extent = extent.value, count > 0 else { return [Dimension](repeating: .unknown, count: count) }
            guard extent % count == 0 else {
                throw .invalidInput(index: dataInput, reason: "has extent \(extent), which does not divide into \(count) parts")
            }
            return [Dimension](repeating: .known(extent / count), count: count)
        }
        guard var lengths else { return [Dimension](repeating: .unknown, count: count) }
        guard lengths.count == count else { throw .invalidValue("has \(lengths.count) part lengths \(lengths) for \(count) outputs") }
        let open = lengths.indices.filter { lengths[$0] == -1 }
        guard open.count <= 1, lengths.allSatisfy({ $0 >= -1 && $0 <= Shape.maximumElementCount }) else {
            throw .invalidValue("part lengths \(lengths) must not be negative, but for one -1")
        }
        var sum = 0
        for length in lengths where length > 0 { sum = min(sum + length, Shape.maximumElementCount) }
        guard let extent = extent.value else { return lengths.map { $0 < 0 ? .unknown : .known($0) } }
        if let place = open.first { lengths[place] = extent - sum }
        guard open.isEmpty ? sum == extent : sum <= extent else {
            throw .invalidValue("part lengths \(lengths) sum to \(sum), the data has extent \(extent) along the axis")
        }
        return lengths.map(Dimension.known)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.outputs.count == 1 { return .view(of: dataInput) }
        let input = try context.input(dataInput)
        let axis = try Self.resolve(context.parameters(axisInput), rank: input.shape.rank)
        let strides = input.shape.strides
        var copies: [StridedCopy] = []
        var start = 0
        for output in context.outputs {
            copies.append(
                StridedCopy(
                    extents: output.shape.extents, sourceStrides: strides, destinationStrides: output.shape.strides,
                    elementByteCount: input.elementType.byteCount, sourceOffset: start * strides[axis]))
            start += output.shape[axis]
        }
        return CompiledOperator(SplitKernel(copies: copies, input: dataInput))
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("Split") { reader throws(OperatorError) in SplitAlong(count: try reader.argumentCount("num_split")) },
        .tensorFlow("SplitV") { reader throws(OperatorError) in
            SplitAlong(count: try reader.argumentCount("num_split"), takesLengths: true)
        },
    ]
}

extension AttributeReader {
    /// How many inputs or outputs of a kind there are.
    func count(_ name: String) throws(OperatorError) -> Int {
        guard let count = try integer(name) else { throw .invalidAttribute(name: name, reason: "is missing") }
        guard (0...Int(Int32.max)).contains(count) else {
            throw .invalidAttribute(name: name, reason: "is \(count), expected a count")
        }
        return count
    }

    /// How many inputs or outputs of a kind a node has: a file may claim any number.
    func argumentCount(_ name: String) throws(OperatorError) -> Int {
        let count = try count(name)
        guard count <= Self.maximumArgumentCount else {
            throw .invalidAttribute(name: name, reason: "is \(count), at most \(Self.maximumArgumentCount) are possible")
        }
        return count
    }

    private static var maximumArgumentCount: Int { 100_000 }
}
