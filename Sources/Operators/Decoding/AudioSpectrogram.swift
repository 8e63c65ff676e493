import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How strong each frequency is over time: magnitudes of Fourier transforms of overlapping windows under a Hann curve.
///
/// - Shapes: audio [samples, channels] → [channels, windows, 1 + length / 2], the length the window's next power of two.
/// - Numerics: in float64, rounded once.
/// - Source: TensorFlow operator AudioSpectrogram.
struct AudioSpectrogram: Operator {
    let window: Int
    let step: Int
    let isSquared: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        window = try reader.integer("window_size", default: 0)
        step = try reader.integer("stride", default: 0)
        isSquared = try reader.flag("magnitude_squared", default: false)
        guard (2...WindowAttributes.limit).contains(window) else {
            throw .invalidAttribute(name: "window_size", reason: "is \(window), expected 2 to \(WindowAttributes.limit)")
        }
        guard (1...WindowAttributes.limit).contains(step) else {
            throw .invalidAttribute(name: "stride", reason: "is \(step), expected 1 to \(WindowAttributes.limit)")
        }
    }

    private var length: Int {
        var length = 1
        while length < window { length *= 2 }
        return length
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let audio = try inputs.required(0, of: [.float32])
        try ImageInputs.check(inputs, 0, [nil, nil])
        let windows = audio.shape?[0].value.map { Dimension.known($0 < window ? 0 : 1 + ($0 - window) / step) } ?? .unknown
        let shape = SymbolicShape([audio.shape?[1] ?? .unknown, windows, .known(1 + length / 2)])
        return [ValueFact(.float32, try shape.checked("the output"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let channels = try context.input(0).shape[1], windows = context.outputs[0].shape[1], length = length, op = self
        // Real and imaginary parts, and the curve.
        return CompiledOperator(
            LoopKernel { context in
                let audio = context.input(0, as: Float.self)
                var y = context.output(0, as: Float.self)
                let real = context.scratch.assumingMemoryBound(to: Double.self), imaginary = real + length, curve = imaginary + length
                for i in 0..<op.window { curve[i] = 0.5 - 0.5 * cos(2 * .pi * Double(i) / Double(op.window)) }
                for channel in 0..<channels {
                    for number in 0..<windows {
                        for i in 0..<length {
                            real[i] = i < op.window ? Double(audio[(number * op.step + i) * channels + channel]) * curve[i] : 0
                            imaginary[i] = 0
                        }
                        FourierTransform.forward(real, imaginary, length)
                        for i in 0...length / 2 {
                            let square = Float(real[i] * real[i] + imaginary[i] * imaginary[i])
                            y[i] = op.isSquared ? square : square.squareRoot()
                        }
                        y += 1 + length / 2
                    }
                }
            }, scratchByteCount: ByteCount.of(Double.self, length, length, window))
    }
}

/// The transform of a power of two of complex numbers, in place.
enum FourierTransform {
    static func forward(_ real: UnsafeMutablePointer<Double>, _ imaginary: UnsafeMutablePointer<Double>, _ count: Int) {
        var mirrored = 0
        for i in 1..<max(count, 1) {
            var bit = count >> 1
            while mirrored & bit != 0 {
                mirrored ^= bit
                bit >>= 1
            }
            mirrored |= bit
            if i < mirrored {
                swap(&real[i], &real[mirrored])
                swap(&imaginary[i], &imaginary[mirrored])
            }
        }
        var half = 1
        while half < count {
            for k in 0..<half {
                let angle = -Double.pi * Double(k) / Double(half), c = cos(angle), s = sin(angle)
                for low in stride(from: k, to: count, by: 2 * half) {
                    let high = low + half
                    let a = real[high] * c - imaginary[high] * s, b = real[high] * s + imaginary[high] * c
                    real[high] = real[low] - a
                    imaginary[high] = imaginary[low] - b
                    real[low] += a
                    imaginary[low] += b
                }
            }
            half *= 2
        }
    }
}
