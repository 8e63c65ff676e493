import GraphIR
import Tensors

/// Images as sums of the blocks that a window of them gave, a column each.
///
/// - Shapes: columns [N, C · block, blocks], image extents [axes], block extents [axes] → [N, C, image extents…].
/// - Types: numbers. 16-bit floats are summed in float32.
/// - Source: ONNX operator Col2Im.
struct ColumnsToImage: Operator {
    let strides: [Int]?
    let dilations: [Int]?
    let pads: [Int]?
    var name: String { "Col2Im" }
    var shapeOperands: Set<Int> { [1, 2] }

    init(_ reader: AttributeReader) throws(OperatorError) {
        strides = try WindowAttributes.list(reader, "strides", atLeast: 1)
        dilations = try WindowAttributes.list(reader, "dilations", atLeast: 1)
        pads = try WindowAttributes.list(reader, "pads", atLeast: 0)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let columns = try inputs.required(0, of: ElementTypes.numbers)
        _ = try inputs.required(1)
        _ = try inputs.required(2)
        try ImageInputs.check(inputs, 0, [nil, nil, nil])
        let image = try inputs.parameters(1), block = try inputs.parameters(2)
        let shape = columns.shape ?? SymbolicShape(unknownRank: 3)
        guard let image, let block else { return [try unknown(inputs, shape, columns.elementType)] }
        let size = try blockSize(image, block)
        let counts = try blockCounts(image, block).reduce(1, ByteCount.product)
        if let found = shape[2].value, found != counts {
            throw .invalidInput(index: 0, reason: "has \(found) blocks, \(block) of \(image) make \(counts)")
        }
        if let rows = shape[1].value, rows % size != 0 {
            throw .invalidInput(index: 0, reason: "has \(rows) rows, expected a multiple of the block's \(size) elements")
        }
        let channels = shape[1].value.map { Dimension.known($0 / size) } ?? .unknown
        let result = SymbolicShape([shape[0], channels] + image.map { .known($0) })
        return [ValueFact(columns.elementType, try result.checked("the output"))]
    }

    /// The output while the extents are not known.
    private func unknown(
        _ inputs: OperatorInputs, _ shape: SymbolicShape, _ type: ElementType
    ) throws(OperatorError) -> ValueFact {
        let imageCount = try inputs.parameterCount(1), blockCount = try inputs.parameterCount(2)
        guard let count = imageCount ?? blockCount else { return ValueFact(type, nil as SymbolicShape?) }
        var result = ValueFact.unknown(type, rank: count + 2)
        if var known = result.shape {
            known[0] = shape[0]
            result = ValueFact(type, known)
        }
        return result
    }

    /// How many elements a block has, when all lists fit each other.
    private func blockSize(_ image: [Int], _ block: [Int]) throws(OperatorError) -> Int {
        let axes = image.count
        guard (1...Shape.maximumRank - 2).contains(axes), block.count == axes else {
            throw .invalidInput(index: 2, reason: "has \(block.count) extents, the image has \(axes)")
        }
        for (name, values, count) in [("strides", strides, axes), ("dilations", dilations, axes), ("pads", pads, 2 * axes)] {
            guard values?.count ?? count == count else {
                throw .invalidAttribute(name: name, reason: "has \(values?.count ?? 0) values, expected \(count)")
            }
        }
        for (index, extents) in [(1, image), (2, block)] {
            guard extents.allSatisfy({ (1...WindowAttributes.limit).contains($0) }), Shape(checking: extents) != nil else {
                throw .invalidInput(index: index, reason: "is \(extents), expected extents of 1 to \(WindowAttributes.limit)")
            }
        }
        return block.reduce(1, ByteCount.product)
    }

    /// How many blocks lie along each axis.
    private func blockCounts(_ image: [Int], _ block: [Int]) throws(OperatorError) -> [Int] {
        var counts: [Int] = []
        for axis in image.indices {
            let reach = (block[axis] - 1) * (dilations?[axis] ?? 1) + 1
            let extent = image[axis] + (pads?[axis] ?? 0) + (pads?[image.count + axis] ?? 0)
            guard extent >= reach else {
                throw .invalidInput(index: 2, reason: "is \(block), which reaches over the image \(image) along axis \(axis)")
            }
            counts.append((extent - reach) / (strides?[axis] ?? 1) + 1)
        }
        return counts
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.entrywise([0]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let image = try context.parameters(1), block = try context.parameters(2)
        let size = try blockSize(image, block), counts = try blockCounts(image, block), output = context.outputs[0].shape
        var axes: [ColumnAxis] = []
        for axis in image.indices {
            axes.append(
                ColumnAxis(
                    image: image[axis], block: block[axis], count: counts[axis], stride: strides?[axis] ?? 1,
                    dilation: dilations?[axis] ?? 1, pad: pads?[axis] ?? 0))
        }
        let maker = ColumnSum(axes: axes, planes: output[0] * output[1], blockSize: size)
        return try HalfPrecisionBridge.compile(context) { context throws(OperatorError) in
            CompiledOperator(try context.input(0).elementType.dispatch(maker))
        }
    }
}

/// One axis of an image and of the window that moved over it.
private struct ColumnAxis: Sendable {
    let image: Int
    let block: Int
    /// Blocks along the axis.
    let count: Int
    let stride: Int
    let dilation: Int
    let pad: Int

    /// Where an element of a block lies in the image; maybe outside.
    @inline(__always)
    func position(_ number: Int, _ element: Int) -> Int { number * stride + element * dilation - pad }
}

/// Makes the kernel that adds every element of every block to the image.
private struct ColumnSum: NumericVisitor {
    let axes: [ColumnAxis]
    /// Batch times channels.
    let planes: Int
    let blockSize: Int

    func visit<Element: NumericElement>(_: Element.Type) -> LoopKernel {
        let maker = self
        return LoopKernel { context in
            maker.run(context.input(0, as: Element.self), context.output(0, as: Element.self), zero: context.output(0))
        }
    }

    private func run<Element: NumericElement>(
        _ columns: UnsafePointer<Element>, _ image: UnsafeMutablePointer<Element>, zero: UnsafeMutableRawPointer
    ) {
        let imageCount = axes.reduce(1) { $0 * $1.image }, lines = axes.dropLast().reduce(1) { $0 * $1.count }
        zero.initializeMemory(as: UInt8.self, repeating: 0, count: planes * imageCount * MemoryLayout<Element>.stride)
        guard let last = axes.last else { return }
        var from = columns
        for plane in 0..<planes {
            let target = image + plane * imageCount
            for element in 0..<blockSize {
                for line in 0..<lines {
                    if let start = start(of: line, element) { add(from, to: target + start, last, element % last.block) }
                    from += last.count
                }
            }
        }
    }

    /// Where the line of the image begins that blocks of one line along the last axis touch with one of their elements; nil when
    /// it lies outside.
    private func start(of line: Int, _ element: Int) -> Int? {
        guard let last = axes.last else { return nil }
        var restOfLine = line, restOfElement = element / last.block, stride = last.image, start = 0
        for axis in axes.dropLast().reversed() {
            let position = axis.position(restOfLine % axis.count, restOfElement % axis.block)
            guard position >= 0, position < axis.image else { return nil }
            start += position * stride
            stride *= axis.image
            restOfLine /= axis.count
            restOfElement /= axis.block
        }
        return start
    }

    @inline(__always)
    private func add<Element: NumericElement>(
        _ from: UnsafePointer<Element>, to line: UnsafeMutablePointer<Element>, _ axis: ColumnAxis, _ element: Int
    ) {
        for number in 0..<axis.count {
            let position = axis.position(number, element)
            if position >= 0, position < axis.image { line[position] = line[position].plus(from[number]) }
        }
    }
}
