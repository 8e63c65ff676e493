import GraphIR
import Tensors

/// A matrix product with weights of few bits, which have a scale and a zero point for each block of a column.
///
/// - Shapes: x [..., K], weights uint8 [N, blocks, block · bits / 8], scales [N, blocks], optional zero points (uint8, packed like
///   the weights, [N, ⌈blocks · bits / 8⌉], or of x's type, [N, blocks]; half of the range without them) and bias [N] → [..., N].
///   Scales and zero points may come as one list.
/// - Types: float32 and 16-bit floats, which are rounded once, from float32; weights of 2, 4 or 8 bits, the first in the low bits.
/// - Numerics: (weight − zero) · scale in float32. Weights stay packed; some columns at a time are spread in every run.
/// - Source: onnxruntime's MatMulNBits (com.microsoft).
struct BlockQuantizedProduct: Operator {
    let steps: Int
    let columns: Int
    let bits: Int
    let block: Int

    let name = "MatMulNBits"

    init(_ reader: AttributeReader) throws(OperatorError) {
        steps = try Self.size("K", reader, 1...Int(Int32.max))
        columns = try Self.size("N", reader, 1...Int(Int32.max))
        block = try Self.size("block_size", reader, 16...(1 << 30))
        bits = try reader.integer("bits", default: 4)
        guard [2, 4, 8].contains(bits) else { throw .unsupported("MatMulNBits of \(bits) bits") }
        guard block & (block - 1) == 0 else {
            throw .invalidAttribute(name: "block_size", reason: "is \(block), expected a power of 2")
        }
        if try reader.integer("weight_prepacked", default: 0) != 0 { throw .unsupported("MatMulNBits of prepacked weights") }
    }

    private static func size(_ name: String, _ reader: AttributeReader, _ range: ClosedRange<Int>) throws(OperatorError) -> Int {
        guard let value = try reader.integer(name), range.contains(value) else {
            throw .invalidAttribute(name: name, reason: "is missing or outside \(range)")
        }
        return value
    }

    fileprivate enum Input {
        static let x = 0, weights = 1, scales = 2, zeros = 3, groups = 4, bias = 5
    }

    private var blocks: Int { (steps + block - 1) / block }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...6)
        let x = try inputs.required(Input.x, of: [.float32, .float16, .bfloat16])
        _ = try inputs.required(Input.weights, of: [.uint8])
        _ = try inputs.required(Input.scales, of: [x.elementType])
        if inputs[Input.groups] != nil { throw .unsupported("input 4 of MatMulNBits") }
        if inputs[Input.bias] != nil { _ = try inputs.required(Input.bias, of: [x.elementType]) }
        let scaleCount = ByteCount.product(columns, blocks)
        try check(inputs, Input.weights, count: ByteCount.product(scaleCount, block * bits / 8))
        try check(inputs, Input.scales, count: scaleCount)
        try check(inputs, Input.bias, count: columns)
        if inputs[Input.zeros] != nil {
            let zeros = try inputs.required(Input.zeros, of: [.uint8, x.elementType])
            let packed = ByteCount.product(columns, (blocks * bits + 7) / 8)
            try check(inputs, Input.zeros, count: zeros.elementType == .uint8 ? packed : scaleCount)
        }
        guard var shape = x.shape else { return [ValueFact(x.elementType, nil as SymbolicShape?)] }
        guard shape.rank >= 1, Dimension.unified(shape[shape.rank - 1], .known(steps)) != nil else {
            throw .invalidInput(index: Input.x, reason: "is \(shape), expected rows of \(steps)")
        }
        shape[shape.rank - 1] = .known(columns)
        return [ValueFact(x.elementType, try shape.checked("the output"))]
    }

    private func check(_ inputs: OperatorInputs, _ index: Int, count: Int) throws(OperatorError) {
        guard let shape = inputs[index]?.shape?.concrete, shape.elementCount != count else { return }
        throw .invalidInput(index: index, reason: "is \(shape), expected \(count) elements")
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.linewise(along: [(inputs.extents(0)?.count ?? 0) - 1]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let x = try context.input(Input.x).shape, rows = x.elementCount(in: 0..<x.rank - 1)
            let zeros: PackedColumns.Zeros =
                context.has(Input.zeros) ? try context.input(Input.zeros).elementType == .uint8 ? .packed : .floats : .middle
            let packed = PackedColumns(steps: steps, blocks: blocks, block: block, bits: bits, zeros: zeros)
            let kernel = try BlockQuantizedKernel(
                packed: packed, rows: rows, columns: columns, hasBias: context.has(Input.bias))
            return CompiledOperator(
                kernel, scratchByteCount: ByteCount.of(Float.self, ByteCount.product(kernel.panel, steps)))
        }
    }
}

/// Columns of packed weights.
private struct PackedColumns: Sendable {
    enum Zeros: Sendable { case middle, packed, floats }

    let steps: Int
    let blocks: Int
    let block: Int
    let bits: Int
    let zeros: Zeros

    /// Writes the numbers of column `column`.
    func spread(_ column: Int, into target: UnsafeMutablePointer<Float>, _ context: KernelContext) {
        typealias Input = BlockQuantizedProduct.Input
        let blob = block * bits / 8
        let bytes = context.input(Input.weights, as: UInt8.self) + column * blocks * blob
        let scales = context.input(Input.scales, as: Float.self) + column * blocks
        for index in 0..<blocks {
            let first = index * block, count = min(block, steps - first)
            let source = bytes + index * blob, to = target + first, scale = scales[index]
            let zero = zero(column, index, context)
            switch bits {
            case 8: for i in 0..<count { to[i] = (Float(source[i]) - zero) * scale }
            case 4:
                for i in 0..<count {
                    let byte = source[i >> 1]
                    to[i] = (Float(i & 1 == 0 ? byte & 15 : byte >> 4) - zero) * scale
                }
            default: for i in 0..<count { to[i] = (number(source, i) - zero) * scale }
            }
        }
    }

    private func zero(_ column: Int, _ index: Int, _ context: KernelContext) -> Float {
        let input = BlockQuantizedProduct.Input.zeros
        switch zeros {
        case .middle: return Float(1 << (bits - 1))
        case .floats: return context.input(input, as: Float.self)[column * blocks + index]
        case .packed: return number(context.input(input, as: UInt8.self) + column * ((blocks * bits + 7) / 8), index)
        }
    }

    /// Number `index` of packed ones.
    @inline(__always)
    private func number(_ bytes: UnsafePointer<UInt8>, _ index: Int) -> Float {
        let place = index * bits
        return Float((Int(bytes[place >> 3]) >> (place & 7)) & ((1 << bits) - 1))
    }
}

/// Spreads a panel of columns, multiplies, takes the next.
private struct BlockQuantizedKernel: Kernel {
    let packed: PackedColumns
    let rows: Int
    let columns: Int
    let hasBias: Bool
    /// Columns of one panel.
    let panel: Int

    /// Floats of a panel that stay in a core's cache.
    private static let panelFloats = 131072

    /// - Throws: when an extent is beyond what OpenBLAS can count.
    init(packed: PackedColumns, rows: Int, columns: Int, hasBias: Bool) throws(OperatorError) {
        self.packed = packed
        self.rows = rows
        self.columns = columns
        self.hasBias = hasBias
        panel = min(columns, max(8, min(64, Self.panelFloats / packed.steps)))
        _ = try MatrixProduct(rows: rows, steps: packed.steps, columns: columns)
    }

    private var split: PartSplit {
        PartSplit(
            units: (columns + panel - 1) / panel, operations: Double(rows + 2) * Double(packed.steps) * Double(columns))
    }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) throws(OperatorError) { try run(panels: split.units(of: part), context) }

    func run(_ context: KernelContext) throws(OperatorError) { try run(panels: 0..<(columns + panel - 1) / panel, context) }

    private func run(panels: Range<Int>, _ context: KernelContext) throws(OperatorError) {
        let spread = context.scratch.assumingMemoryBound(to: Float.self), steps = packed.steps
        let x = context.input(BlockQuantizedProduct.Input.x, as: Float.self)
        for index in panels {
            let range = index * panel..<min((index + 1) * panel, columns)
            for column in range { packed.spread(column, into: spread + (column - range.lowerBound) * steps, context) }
            let y = context.output(0, as: Float.self) + range.lowerBound
            let product = try MatrixProduct(
                rows: rows, steps: steps, columns: range.count, left: MatrixProduct.Operand(stride: steps),
                right: MatrixProduct.Operand(form: .transposed, stride: steps), resultStride: columns)
            Float.multiply(product, x, UnsafePointer(spread), into: y)
            guard hasBias else { continue }
            let bias = context.input(BlockQuantizedProduct.Input.bias, as: Float.self) + range.lowerBound
            for row in 0..<rows {
                for column in 0..<range.count { y[row * columns + column] += bias[column] }
            }
        }
    }
}
