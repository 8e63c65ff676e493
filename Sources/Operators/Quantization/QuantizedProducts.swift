import GraphIR
import Tensors

/// The product of two matrices of quantized numbers.
///
/// - Shapes: [m, k], [k, n] (either transposed on demand), then the ends of both ranges → int32 [m, n] and the ends of its range.
/// - Types: uint8. Factors are taken from their zeros on; sums wrap.
/// - Source: TensorFlow QuantizedMatMul.
struct QuantizedMatMul: Operator {
    let transposesFirst: Bool
    let transposesSecond: Bool

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(6...6)
        let first = try inputs.required(0, of: [.uint8]), second = try inputs.required(1, of: [.uint8])
        try inputs.checkRanges(2..<6)
        let a = first.shape ?? SymbolicShape(unknownRank: 2), b = second.shape ?? SymbolicShape(unknownRank: 2)
        guard a.rank == 2, b.rank == 2 else {
            throw .invalidInput(index: 0, reason: "and input 1 have shapes \(a) and \(b), expected matrices")
        }
        guard Dimension.unified(a[transposesFirst ? 0 : 1], b[transposesSecond ? 1 : 0]) != nil else {
            throw .invalidInput(index: 1, reason: "has shape \(b), which does not fit \(a) of input 0")
        }
        return inputs.quantized(.int32, SymbolicShape([a[transposesFirst ? 1 : 0], b[transposesSecond ? 0 : 1]]))
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.onlyAxis(), axis == (transposesFirst ? 1 : 0) else { return .mixed(RowReason.joined) }
        return .states([.rows(axis: 0), .shared, .shared])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let a = try context.input(0).shape, b = try context.input(1).shape, type = QuantizedType(element: .uint8)
        let m = context.outputs[0].shape[0], n = context.outputs[0].shape[1], k = a[transposesFirst ? 0 : 1]
        let (aRow, aStep) = transposesFirst ? (1, a[1]) : (a[1], 1), (bRow, bStep) = transposesSecond ? (1, b[1]) : (b[1], 1)
        let kernel = LoopKernel { (context) throws(OperatorError) in
            let left = try context.properRange(2, 3, type), right = try context.properRange(4, 5, type)
            let first = Int32(truncatingIfNeeded: left.integer(for: 0)), second = Int32(truncatingIfNeeded: right.integer(for: 0))
            let x = context.input(0, as: UInt8.self), w = context.input(1, as: UInt8.self), y = context.output(0, as: Int32.self)
            for row in 0..<m {
                for column in 0..<n {
                    var sum: Int32 = 0
                    for i in 0..<k {
                        sum &+= (Int32(x[row * aRow + i * aStep]) &- first) &* (Int32(w[i * bRow + column * bStep]) &- second)
                    }
                    y[row * n + column] = sum
                }
            }
            let range = QuantizedRange.product(left, right, as: QuantizedType(element: .int32))
            context.writeRange(range.low, range.high)
        }
        return CompiledOperator(kernel)
    }
}

/// The convolution of quantized images.
///
/// - Shapes: images [batch, height, width, channels], filter [height, width, channels, results], then the ends of both ranges → int32
///   [batch, height, width, results] and the ends of its range.
/// - Types: uint8. Outside an image stands 0. Sums wrap.
/// - Source: TensorFlow QuantizedConv2D.
struct QuantizedConv2D: Operator {
    let window: QuantizedWindow

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(6...6)
        let images = try inputs.required(0, of: [.uint8]), filter = try inputs.required(1, of: [.uint8])
        try inputs.checkRanges(2..<6)
        let x = images.shape ?? SymbolicShape(unknownRank: 4), w = filter.shape ?? SymbolicShape(unknownRank: 4)
        guard x.rank == 4, w.rank == 4, Dimension.unified(x[3], w[2]) != nil else {
            throw .invalidInput(index: 1, reason: "has shape \(w), which does not fit \(x) of input 0")
        }
        guard let extents = w.concrete else {
            return inputs.quantized(.int32, SymbolicShape([x[0], .unknown, .unknown, w[3]]))
        }
        return inputs.quantized(
            .int32,
            SymbolicShape([
                x[0], try window.result(x[1], size: extents[0], axis: 0), try window.result(x[2], size: extents[1], axis: 1), w[3],
            ]))
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyAxis() == 0 else { return .mixed(RowReason.joined) }
        return .states([.rows(axis: 0), .shared, .shared])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0).shape, w = try context.input(1).shape, y = context.outputs[0].shape
        let type = QuantizedType(element: .uint8), channels = x[3], results = w[3]
        let walk = window.walk(input: x, output: y, size: (w[0], w[1]))
        let kernel = LoopKernel { (context) throws(OperatorError) in
            let left = try context.properRange(2, 3, type), right = try context.properRange(4, 5, type)
            let first = Int32(truncatingIfNeeded: left.integer(for: 0)), second = Int32(truncatingIfNeeded: right.integer(for: 0))
            let image = context.input(0, as: UInt8.self), filter = context.input(1, as: UInt8.self)
            let output = context.output(0, as: Int32.self)
            output.update(repeating: 0, count: y.elementCount)
            walk.forEach { place, source, row, column in
                let weights = filter + (row * w[1] + column) * channels * results
                for channel in 0..<channels {
                    let value = Int32(image[source * channels + channel]) &- first
                    for result in 0..<results {
                        output[place * results + result] &+= value &* (Int32(weights[channel * results + result]) &- second)
                    }
                }
            }
            let range = QuantizedRange.product(left, right, as: QuantizedType(element: .int32))
            context.writeRange(range.low, range.high)
        }
        return CompiledOperator(kernel)
    }
}
