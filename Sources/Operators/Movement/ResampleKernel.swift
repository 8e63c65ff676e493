import GraphIR
import Tensors

/// Weighted resampling, one axis after the other, computed in binary32.
struct ResampleKernel: Kernel {
    static let types: Set<ElementType> = [.float32, .float16, .bfloat16, .uint8, .int8]

    /// One axis of the work: [outer, input, inner] → [outer, output, inner].
    private struct Pass: Sendable {
        let outer: Int
        let input: Int
        let output: Int
        let inner: Int
        let taps: ResizeTaps
    }

    private let type: ElementType
    private let inputCount: Int
    private let output: Shape
    private let passes: [Pass]
    /// Elements of the largest tensor between two passes.
    private let bufferCount: Int
    private let outside: [[Bool]]
    private let extrapolation: Float

    /// - Parameters:
    ///   - taps: of the axes that change; at least one.
    ///   - outside: by axis, the positions that show `extrapolation`; empty when none does.
    init(
        input: TensorSpec, output: Shape, taps: [(axis: Int, taps: ResizeTaps)], outside: [[Bool]],
        extrapolation: Float
    ) {
        type = input.elementType
        inputCount = input.shape.elementCount
        self.output = output
        self.outside = outside
        self.extrapolation = extrapolation
        var shape = input.shape
        var passes: [Pass] = []
        var largest = max(inputCount, output.elementCount)
        // Axes that shrink come first: the later ones then have less to do.
        let order = taps.sorted { left, right in
            Double(output[left.axis]) / Double(input.shape[left.axis]) < Double(output[right.axis]) / Double(input.shape[right.axis])
        }
        for (axis, taps) in order {
            passes.append(
                Pass(
                    outer: shape.elementCount(in: 0..<axis), input: shape[axis], output: output[axis],
                    inner: shape.elementCount(in: axis + 1..<shape.rank), taps: taps))
            shape = shape.replacing(axis: axis, with: output[axis])
            largest = max(largest, shape.elementCount)
        }
        self.passes = passes
        bufferCount = largest
    }

    var scratchByteCount: Int { ByteCount.of(Float.self, bufferCount, bufferCount) }

    func run(_ context: KernelContext) {
        let buffers = context.scratch.assumingMemoryBound(to: Float.self)
        var source = UnsafePointer(buffers)
        if type == .float32 {
            source = context.input(0, as: Float.self)
        } else {
            widen(context.input(0), buffers)
        }
        for index in passes.indices {
            let isLast = index == passes.count - 1
            let spare = buffers + (UnsafePointer(buffers) == source ? bufferCount : 0)
            let target = isLast && type == .float32 ? context.output(0, as: Float.self) : spare
            resample(passes[index], source, target)
            source = UnsafePointer(target)
        }
        if type != .float32 { narrow(source, context.output(0)) }
        if !outside.isEmpty { extrapolate(context.output(0)) }
    }

    private func resample(_ pass: Pass, _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>) {
        pass.taps.positions.withUnsafeBufferPointer { positions in
            pass.taps.weights.withUnsafeBufferPointer { weights in
                if pass.inner == 1 {
                    resampleElements(pass, positions, weights, source, target)
                } else {
                    resampleRows(pass, positions, weights, source, target)
                }
            }
        }
    }

    /// Along the last axis: every output element is a sum of single elements.
    private func resampleElements(
        _ pass: Pass, _ positions: UnsafeBufferPointer<Int>, _ weights: UnsafeBufferPointer<Float>,
        _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
    ) {
        let count = pass.taps.count, output = pass.output
        for outer in 0..<pass.outer {
            let row = source + outer * pass.input, place = target + outer * output
            if count == 2 {
                for index in 0..<output {
                    place[index] =
                        weights[2 * index] * row[positions[2 * index]]
                        + weights[2 * index + 1] * row[positions[2 * index + 1]]
                }
                continue
            }
            for index in 0..<output {
                var sum: Float = 0
                for tap in index * count..<(index + 1) * count { sum += weights[tap] * row[positions[tap]] }
                place[index] = sum
            }
        }
    }

    /// Along another axis: every output row is a sum of rows.
    private func resampleRows(
        _ pass: Pass, _ positions: UnsafeBufferPointer<Int>, _ weights: UnsafeBufferPointer<Float>,
        _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
    ) {
        let inner = pass.inner, count = pass.taps.count
        for outer in 0..<pass.outer {
            let block = source + outer * pass.input * inner
            for place in 0..<pass.output {
                let row = target + (outer * pass.output + place) * inner, first = place * count
                var tap = first
                // Two rows a round, so that the output is read and written half as often.
                while tap + 2 <= first + count {
                    let a = block + positions[tap] * inner, b = block + positions[tap + 1] * inner
                    let left = weights[tap], right = weights[tap + 1]
                    if tap == first {
                        for column in 0..<inner { row[column] = left * a[column] + right * b[column] }
                    } else if left != 0 || right != 0 {
                        for column in 0..<inner { row[column] += left * a[column] + right * b[column] }
                    }
                    tap += 2
                }
            }
        }
    }

    private func widen(_ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>) {
        switch type {
        case .float16:
            let bits = source.assumingMemoryBound(to: UInt16.self)
            for index in 0..<inputCount { target[index] = HalfPrecision.float(fromBinary16: bits[index]) }
        case .bfloat16:
            let bits = source.assumingMemoryBound(to: UInt16.self)
            for index in 0..<inputCount { target[index] = HalfPrecision.float(fromBFloat16: bits[index]) }
        case .int8:
            let bytes = source.assumingMemoryBound(to: Int8.self)
            for index in 0..<inputCount { target[index] = Float(bytes[index]) }
        default:
            let bytes = source.assumingMemoryBound(to: UInt8.self)
            for index in 0..<inputCount { target[index] = Float(bytes[index]) }
        }
    }

    /// Back to the element type; integers are rounded to nearest and clamped.
    private func narrow(_ source: UnsafePointer<Float>, _ target: UnsafeMutableRawPointer) {
        let count = output.elementCount
        switch type {
        case .float16:
            let bits = target.assumingMemoryBound(to: UInt16.self)
            for index in 0..<count { bits[index] = HalfPrecision.binary16(from: source[index]) }
        case .bfloat16:
            let bits = target.assumingMemoryBound(to: UInt16.self)
            for index in 0..<count { bits[index] = HalfPrecision.bfloat16(from: source[index]) }
        case .int8:
            let bytes = target.assumingMemoryBound(to: Int8.self)
            for index in 0..<count { bytes[index] = Int8(min(max(source[index].rounded(), -128), 127)) }
        default:
            let bytes = target.assumingMemoryBound(to: UInt8.self)
            for index in 0..<count { bytes[index] = UInt8(min(max(source[index].rounded(), 0), 255)) }
        }
    }

    private func extrapolate(_ target: UnsafeMutableRawPointer) {
        let width = type.byteCount, extents = output.extents
        withUnsafeBytes(of: type.bits(of: extrapolation).littleEndian) { filler in
            for place in 0..<output.elementCount {
                var rest = place
                for axis in extents.indices.reversed() {
                    let position = rest % extents[axis]
                    rest /= extents[axis]
                    guard outside[axis][position] else { continue }
                    (target + place * width).copyMemory(from: filler.baseAddress!, byteCount: width)
                    break
                }
            }
        }
    }
}
