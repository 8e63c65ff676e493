import GraphIR
import Tensors

/// Batch normalization of quantized images in fixed-point arithmetic.
///
/// - Shapes: images [batch, height, width, channels]; mean, variance, shift and scale [channels]; each followed by the ends of its range
///   → int32 of the images' shape with the range ±2²⁰.
/// - Types: uint8. Integers wrap.
/// - Source: TensorFlow QuantizedBatchNormWithGlobalNormalization.
struct QuantizedBatchNormalization: Operator {
    let epsilon: Float
    let scales: Bool

    var name: String { "QuantizedBatchNormWithGlobalNormalization" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(15...15)
        let images = try inputs.required(0, of: [.uint8])
        if let shape = images.shape, shape.rank != 4 { throw .invalidInput(index: 0, reason: "has shape \(shape), expected rank 4") }
        try inputs.checkRanges(1..<3)
        for index in stride(from: 3, through: 12, by: 3) {
            let parameter = try inputs.required(index, of: [.uint8])
            try inputs.checkRanges(index + 1..<index + 3)
            guard let shape = parameter.shape, let channels = images.shape?[3] else { continue }
            guard shape.rank == 1, Dimension.unified(shape[0], channels) != nil else {
                throw .invalidInput(index: index, reason: "has shape \(shape), expected one number for each channel")
            }
        }
        return inputs.quantized(.int32, images.shape)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.onlyAxis(), axis < 3 else { return .mixed(RowReason.positional) }
        return .states([.rows(axis: axis), .shared, .shared])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let shape = try context.input(0).shape, channels = shape[3], epsilon = epsilon, scales = scales
        let type = QuantizedType(element: .uint8)
        let kernel = LoopKernel { context in
            let result = QuantizedRange(-1_048_576, 1_048_576, QuantizedType(element: .int32))
            func parameter(_ index: Int, _ channel: Int) -> Float {
                context.range(index + 1, index + 2, type).real(Int64(context.input(index, as: UInt8.self)[channel]))
            }
            func fixed(_ value: Float) -> Int32 { Int32(truncatingIfNeeded: result.type.clamped(result.integer(for: value))) }
            let one = fixed(1), range = context.range(1, 2, type)
            let x = context.input(0, as: UInt8.self), y = context.output(0, as: Int32.self)
            for channel in 0..<channels {
                let deviation = 1 / (parameter(6, channel) + epsilon).squareRoot()
                let factor = scales ? deviation * parameter(12, channel) : deviation
                let offset = fixed(-parameter(3, channel) * factor + parameter(9, channel)), scale = fixed(factor)
                for place in stride(from: channel, to: shape.elementCount, by: channels) {
                    let product = fixed(range.real(Int64(x[place]))) &* scale
                    y[place] = (one == 0 ? 0 : product.dividedReportingOverflow(by: one).partialValue) &+ offset
                }
            }
            context.writeRange(result.low, result.high)
        }
        return CompiledOperator(kernel)
    }
}

/// Each channel of each quantized image shifted and scaled to mean 0 and variance 1.
///
/// - Shapes: images [batch, height, width, channels] and the ends of their range → the same.
/// - Types: uint8. The range is given or that of the results; it is at least `leastRange` long.
/// - Source: TensorFlow QuantizedInstanceNorm.
struct QuantizedInstanceNormalization: Operator {
    /// nil: that of the results.
    let range: (low: Float, high: Float)?
    let epsilon: Float
    let leastRange: Float

    var name: String { "QuantizedInstanceNorm" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let images = try inputs.required(0, of: [.uint8])
        if let shape = images.shape, shape.rank != 4 { throw .invalidInput(index: 0, reason: "has shape \(shape), expected rank 4") }
        try inputs.checkRanges(1..<3)
        if let range, !(range.low < range.high) {
            throw .invalidAttribute(name: "given_y_min", reason: "is \(range.low), expected less than given_y_max, \(range.high)")
        }
        return inputs.quantized(.uint8, images.shape)
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.joined) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let shape = try context.input(0).shape, this = self, type = QuantizedType(element: .uint8)
        let pixels = shape[1] * shape[2], channels = shape[3]
        let kernel = LoopKernel { (context) throws(OperatorError) in
            let x = context.input(0, as: UInt8.self), y = context.output(0, as: UInt8.self)
            let given = try context.properRange(1, 2, type), step = (given.high - given.low) / 255
            /// Calls `body` with each place and its result.
            func forEach(_ body: (Int, Float) -> Void) {
                for image in 0..<shape[0] {
                    for channel in 0..<channels {
                        let start = image * pixels * channels + channel
                        var sum: Float = 0, squares: Float = 0
                        for i in 0..<pixels { sum += Float(x[start + i * channels]) }
                        let mean = sum / Float(pixels)
                        for i in 0..<pixels {
                            let distance = step * (Float(x[start + i * channels]) - mean)
                            squares += distance * distance
                        }
                        let deviation = 1 / (squares / Float(pixels) + this.epsilon).squareRoot()
                        for i in 0..<pixels {
                            let place = start + i * channels
                            body(place, step * (Float(x[place]) - mean) * deviation)
                        }
                    }
                }
            }
            var low = this.range?.low ?? Float.infinity, high = this.range?.high ?? -Float.infinity
            if this.range == nil {
                forEach { _, value in
                    low = min(low, value)
                    high = max(high, value)
                }
            }
            if high - low < this.leastRange { high = low + this.leastRange }
            let writer = QuantizedRange(low, high, type).writer
            forEach { place, value in y[place] = UInt8(truncatingIfNeeded: writer.integer(for: value)) }
            context.writeRange(low, high)
        }
        return CompiledOperator(kernel)
    }
}
