import GraphIR
import Tensors

/// Turns pairs of numbers in each head by angles that belong to the position.
///
/// - Shapes: `x` [N, H, L, D], or [N, L, H·D] with the number of heads as an attribute → as `x`. Cosines and sines are [N, L, R/2],
///   or tables [M, R/2] from which positions int64 [N, L] choose. R, which is D unless an attribute says less, is even; the numbers
///   of a head beyond R stay as they are.
/// - Numerics: (a, b) → (a · cos − b · sin, a · sin + b · cos) for a in the first half of R and b in the second, or for neighbours.
/// - Source: ONNX operator RotaryEmbedding, opset 23.
struct RotaryEmbedding: Operator {
    let heads: Int?
    /// R; nil for all of a head.
    let rotated: Int?
    let isInterleaved: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        let heads = try reader.integer("num_heads", default: 0), rotated = try reader.integer("rotary_embedding_dim", default: 0)
        guard heads >= 0 else { throw .invalidAttribute(name: "num_heads", reason: "is \(heads), expected at least 1") }
        guard rotated >= 0, rotated % 2 == 0 else {
            throw .invalidAttribute(name: "rotary_embedding_dim", reason: "is \(rotated), expected an even number")
        }
        self.heads = heads == 0 ? nil : heads
        self.rotated = rotated == 0 ? nil : rotated
        isInterleaved = try reader.flag("interleaved", default: false)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...4)
        let x = try inputs.required(0, of: [.float32, .float16, .bfloat16])
        for index in 1...2 {
            _ = try inputs.required(index, of: [x.elementType])
            try inputs.checkSameType(index, as: 0)
        }
        if inputs[3] != nil { _ = try inputs.required(3, of: [.int64]) }
        guard let shape = x.shape else { return [ValueFact(x.type)] }
        let (batch, length, size) = try parts(shape)
        let half = try checkedHalf(size)
        for index in 1...2 { try checkTable(inputs, index, batch: batch, length: length, half: half) }
        if let positions = inputs[3]?.shape {
            guard positions.rank == 2, Dimension.unified(positions[0], batch) != nil, Dimension.unified(positions[1], length) != nil
            else {
                throw .invalidInput(index: 3, reason: "is \(positions), expected a position for each of \(batch) times \(length)")
            }
        }
        return [ValueFact(x.type)]
    }

    /// Images, positions and the numbers of a head.
    private func parts(_ shape: SymbolicShape) throws(OperatorError) -> (batch: Dimension, length: Dimension, size: Dimension) {
        switch shape.rank {
        case 4: return (shape[0], shape[2], shape[3])
        case 3:
            guard let heads else {
                throw .invalidAttribute(name: "num_heads", reason: "is missing, data of 3 axes does not show how many heads it has")
            }
            guard let hidden = shape[2].value else { return (shape[0], shape[1], .unknown) }
            guard hidden % heads == 0 else {
                throw .invalidInput(index: 0, reason: "is \(shape), whose last axis is not a multiple of \(heads) heads")
            }
            return (shape[0], shape[1], .known(hidden / heads))
        default: throw .invalidInput(index: 0, reason: "is \(shape) with \(shape.rank) axes, expected 3 or 4")
        }
    }

    /// Half of what is turned of a head of `size` numbers.
    private func checkedHalf(_ size: Dimension) throws(OperatorError) -> Dimension {
        guard let size = size.value else { return rotated.map { .known($0 / 2) } ?? .unknown }
        let rotated = rotated ?? size
        guard rotated <= size, rotated % 2 == 0 else {
            throw .invalidInput(index: 0, reason: "has heads of \(size) numbers, of which \(rotated) cannot be turned in pairs")
        }
        return .known(rotated / 2)
    }

    private func checkTable(
        _ inputs: OperatorInputs, _ index: Int, batch: Dimension, length: Dimension, half: Dimension
    ) throws(OperatorError) {
        guard let table = inputs[index]?.shape else { return }
        let expected: [Dimension]
        if inputs[3] == nil {
            expected = [batch, length, half]
        } else {
            // Both tables have the same positions.
            expected = [inputs[1]?.shape.flatMap { $0.rank == 2 ? $0[0] : nil } ?? .unknown, half]
        }
        guard table.rank == expected.count,
            zip(table.dimensions, expected).allSatisfy({ Dimension.unified($0, $1) != nil })
        else { throw .invalidInput(index: index, reason: "is \(table), expected \(SymbolicShape(expected))") }
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.axis(0) == 0 else { return .mixed(RowReason.joined) }
        let tablesFit = (1...2).allSatisfy { inputs[3] == nil ? inputs.axis($0) == 0 : inputs.isFixed($0) }
        guard tablesFit, inputs[3] == nil || inputs.axis(3) == 0 else { return .mixed(RowReason.positional) }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let shape = try context.input(0).shape, hasHeads = shape.rank == 4
            let heads = hasHeads ? shape[1] : self.heads ?? 1, size = hasHeads ? shape[3] : shape[2] / heads
            let kernel = RotaryKernel(
                images: shape[0], heads: heads, length: hasHeads ? shape[2] : shape[1], size: size, half: (rotated ?? size) / 2,
                headsComeFirst: hasHeads, isInterleaved: isInterleaved,
                table: context.has(3) ? try context.input(1).shape[0] : nil)
            return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
        }
    }
}

private struct RotaryKernel: Kernel {
    let images: Int
    let heads: Int
    let length: Int
    let size: Int
    let half: Int
    /// Whether the axis of the heads stands before that of the positions.
    let headsComeFirst: Bool
    let isInterleaved: Bool
    /// Positions of the tables; nil when cosines and sines are given one by one.
    let table: Int?

    func run(_ context: KernelContext) throws(OperatorError) {
        let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
        for place in 0..<images * length {
            let row = try row(context, place) * half
            let cosines = context.input(1, as: Float.self) + row, sines = context.input(2, as: Float.self) + row
            for head in 0..<heads {
                let start =
                    headsComeFirst
                    ? (place / length * heads + head) * length + place % length : place * heads + head
                turn(x + start * size, y + start * size, cosines, sines)
            }
        }
    }

    /// Where the angles of a position stand.
    @inline(__always)
    private func row(_ context: KernelContext, _ place: Int) throws(OperatorError) -> Int {
        guard let table else { return place }
        return try IndexInput(context.input(3), .int64, axis: 0, extent: table, countsFromEnd: false).resolved(place)
    }

    /// Each pair is read before it is written: `y` may be `x`.
    @inline(__always)
    private func turn(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ cosines: UnsafePointer<Float>, _ sines: UnsafePointer<Float>
    ) {
        let step = isInterleaved ? 2 : 1, distance = isInterleaved ? 1 : half
        for pair in 0..<half {
            let a = x[pair * step], b = x[pair * step + distance]
            y[pair * step] = cosines[pair] * a - sines[pair] * b
            y[pair * step + distance] = sines[pair] * a + cosines[pair] * b
        }
        for i in 2 * half..<size { y[i] = x[i] }
    }
}
