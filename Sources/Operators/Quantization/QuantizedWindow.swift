import GraphIR
import Tensors

/// How a window moves over the height and width of images whose channels come last.
struct QuantizedWindow: Sendable {
    /// Along height and width.
    let strides: (Int, Int)
    let padsEvenly: Bool

    /// Reads `strides` and `padding`.
    init(_ node: AttributeReader) throws(OperatorError) {
        strides = try Self.pair(node, "strides")
        padsEvenly = try node.string("padding", default: "VALID") == "SAME"
        if let dilations = try node.integers("dilations"), dilations.contains(where: { $0 != 1 }) {
            throw .unsupported("dilation of quantized images")
        }
    }

    /// The height's and the width's number of an attribute with one for each axis; the others must be 1.
    static func pair(_ node: AttributeReader, _ name: String) throws(OperatorError) -> (Int, Int) {
        guard let list = try node.integers(name), list.count == 4, list[0] == 1, list[3] == 1,
            (1...Int(Int32.max)).contains(list[1]), (1...Int(Int32.max)).contains(list[2])
        else { throw .invalidAttribute(name: name, reason: "is not [1, height, width, 1]") }
        return (list[1], list[2])
    }

    /// The result's extent.
    func result(_ extent: Dimension, size: Int, axis: Int) throws(OperatorError) -> Dimension {
        guard let extent = extent.value else { return .unknown }
        let stride = axis == 0 ? strides.0 : strides.1
        if padsEvenly { return .known(extent == 0 ? 0 : (extent - 1) / stride + 1) }
        guard extent >= size else {
            throw .invalidInput(index: 0, reason: "has \(extent) places along axis \(axis + 1), fewer than a window's \(size)")
        }
        return .known((extent - size) / stride + 1)
    }

    func walk(input: Shape, output: Shape, size: (Int, Int)) -> Walk {
        Walk(
            input: input, output: output, size: size, strides: strides,
            before: (
                before(input[1], output[1], size.0, strides.0), before(input[2], output[2], size.1, strides.1)
            ))
    }

    private func before(_ input: Int, _ output: Int, _ size: Int, _ stride: Int) -> Int {
        padsEvenly && output > 0 ? max((output - 1) * stride + size - input, 0) / 2 : 0
    }

    struct Walk: Sendable {
        let input: Shape
        let output: Shape
        let size: (Int, Int)
        let strides: (Int, Int)
        let before: (Int, Int)

        /// Calls `body` for each place of the window inside an image with the pixel of the output and of the input, counted over all
        /// images, and the window's row and column.
        @inline(__always)
        func forEach(_ body: (Int, Int, Int, Int) -> Void) {
            var place = 0
            for image in 0..<output[0] {
                for top in 0..<output[1] {
                    for left in 0..<output[2] {
                        for row in 0..<size.0 {
                            let y = top * strides.0 + row - before.0
                            guard y >= 0, y < input[1] else { continue }
                            for column in 0..<size.1 {
                                let x = left * strides.1 + column - before.1
                                guard x >= 0, x < input[2] else { continue }
                                body(place, (image * input[1] + y) * input[2] + x, row, column)
                            }
                        }
                        place += 1
                    }
                }
            }
        }
    }
}

/// The greatest or the mean number in each place of a window.
///
/// - Shapes: images [batch, height, width, channels] and the ends of their range → the same with other heights and widths.
/// - Types: uint8, int8. Means are of the numbers inside the image and cut towards zero.
/// - Source: TensorFlow QuantizedMaxPool, QuantizedAvgPool.
struct QuantizedPool: Operator {
    let isMaximum: Bool
    let size: (Int, Int)
    let window: QuantizedWindow

    var name: String { isMaximum ? "QuantizedMaxPool" : "QuantizedAvgPool" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let images = try inputs.required(0, of: [.uint8, .int8])
        try inputs.checkRanges(1..<3)
        guard var shape = images.shape else { return inputs.quantized(images.elementType, SymbolicShape(unknownRank: 4)) }
        guard shape.rank == 4 else { throw .invalidInput(index: 0, reason: "has shape \(shape), expected rank 4") }
        shape[1] = try window.result(shape[1], size: size.0, axis: 0)
        shape[2] = try window.result(shape[2], size: size.1, axis: 1)
        return inputs.quantized(images.elementType, shape)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.onlyAxis(), axis == 0 || axis == 3 else { return .mixed(RowReason.joined) }
        return .states([.rows(axis: axis), .shared, .shared])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0), output = context.outputs[0].shape, isMaximum = isMaximum
        let channels = input.shape[3], pixels = output.elementCount(in: 0..<3)
        let walk = window.walk(input: input.shape, output: output, size: size)
        let kernel = LoopKernel { context in
            let x = QuantizedElements(reading: context.input(0), input.elementType)
            let y = QuantizedElements(context.output(0), input.elementType)
            // One channel at a time, so that a sum needs no memory.
            for channel in 0..<channels {
                var current = 0, sum: Int64 = 0, count: Int64 = 0
                func finish() {
                    guard current < pixels else { return }
                    y[current * channels + channel] = isMaximum || count == 0 ? sum : sum / count
                }
                walk.forEach { place, source, _, _ in
                    if place != current {
                        finish()
                        (current, sum, count) = (place, 0, 0)
                    }
                    let value = x[source * channels + channel]
                    sum = !isMaximum ? sum + value : count == 0 ? value : max(sum, value)
                    count += 1
                }
                finish()
            }
            context.writeRange(context.number(1), context.number(2))
        }
        return CompiledOperator(kernel)
    }
}
