import GraphIR
import Tensors

/// Discrete Fourier transforms of parts of signals, each weighted by a window.
///
/// - Shapes: signal [B, n], [B, n, 1] or, with real and imaginary parts, [B, n, 2], step (1) (, window [w]) (, frame length (1)) →
///   [B, frames, frame length, 2], of the one-sided transform [B, frames, frame length / 2 + 1, 2].
/// - Numerics: a frame has the length that is given, or else the window's, or else the signal's. A window that is shorter leaves
///   zeros behind it, one that is longer is cut. Computed in double precision.
/// - Source: ONNX operator STFT.
struct ShortTimeTransform: Operator {
    let isOneSided: Bool
    var name: String { "STFT" }
    var shapeOperands: Set<Int> { [1, 3] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...4)
        let signal = try inputs.required(0, of: ElementTypes.floatingPoint)
        _ = try inputs.required(1)
        if inputs[2] != nil {
            try inputs.checkSameType(2, as: 0)
            try ImageInputs.check(inputs, 2, [nil])
        }
        let step = try inputs.single(1), given = try inputs.single(3)
        guard let shape = signal.shape else { return [ValueFact(signal.elementType, SymbolicShape(unknownRank: 4))] }
        guard (2...3).contains(shape.rank), shape.rank < 3 || (1...2).contains(shape[2].value ?? 1) else {
            throw .invalidInput(index: 0, reason: "has shape \(shape), expected a batch of signals of 1 or 2 parts")
        }
        let length = inputs[3] == nil ? inputs[2].map { $0.shape?[0].value } ?? shape[1].value : given
        if let step, !(1...Shape.maximumElementCount).contains(step) {
            throw .invalidInput(index: 1, reason: "is \(step), expected 1 or more")
        }
        if let length, !(1...Shape.maximumElementCount).contains(length) {
            throw .invalidValue("the frames' length is \(length), expected 1 or more")
        }
        var frames = Dimension.unknown
        if let length, let extent = shape[1].value {
            guard length <= extent else { throw .invalidInput(index: 0, reason: "has \(extent) positions, a frame has \(length)") }
            if let step { frames = .known((extent - length) / step + 1) }
        }
        let bins = length.map { Dimension.known(isOneSided ? $0 / 2 + 1 : $0) } ?? .unknown
        return [ValueFact(signal.elementType, try SymbolicShape([shape[0], frames, bins, .known(2)]).checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.entrywise([0]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let signal = try context.input(0).shape, output = context.outputs[0].shape
        let window = context.has(2) ? try context.input(2).shape[0] : nil
        guard let step = try context.parameters(1).first else { throw .invalidInput(index: 1, reason: "is empty") }
        let length = try context.optionalParameters(3)?.first ?? window ?? signal[1]
        let frames = FrameGeometry(
            batch: signal[0], extent: signal[1], parts: signal.rank > 2 ? signal[2] : 1, frameCount: output[1], step: step,
            length: length, filled: min(window ?? length, length), bins: output[2], hasWindow: window != nil)
        return try HalfPrecisionBridge.compile(context) { context throws(OperatorError) in
            try context.input(0).elementType == .float64
                ? SignalTransformKernel.compile(SignalFrames<Double>(frames), context)
                : SignalTransformKernel.compile(SignalFrames<Float>(frames), context)
        }
    }
}

private struct FrameGeometry: Sendable {
    let batch: Int
    /// Positions of a signal.
    let extent: Int
    let parts: Int
    let frameCount: Int
    let step: Int
    let length: Int
    /// Positions of a frame that are under the window.
    let filled: Int
    let bins: Int
    let hasWindow: Bool
}

/// The frames of signals, under a window.
private struct SignalFrames<Scalar: SamplingScalar>: TransformedSignals {
    private let geometry: FrameGeometry

    init(_ geometry: FrameGeometry) { self.geometry = geometry }

    var count: Int { ByteCount.product(geometry.batch, geometry.frameCount) }
    var length: Int { geometry.length }

    func load(_ number: Int, _ context: KernelContext, into line: UnsafeMutablePointer<Complex<Double>>) {
        let g = geometry, first = number % g.frameCount * g.step, count = min(g.filled, g.extent - first)
        let signal = context.input(0, as: Scalar.self) + (number / g.frameCount * g.extent + first) * g.parts
        let window = g.hasWindow ? context.input(2, as: Scalar.self) : nil
        (line + count).update(repeating: Complex(0), count: g.length - count)
        for place in 0..<count {
            let from = signal + place * g.parts, weight = window?[place] ?? 1
            line[place] = Complex(Double(from[0] * weight), g.parts > 1 ? Double(from[1] * weight) : 0)
        }
    }

    func store(_ number: Int, _ context: KernelContext, from line: UnsafePointer<Complex<Double>>) {
        let target = context.output(0, as: Scalar.self) + number * geometry.bins * 2
        for bin in 0..<geometry.bins {
            target[2 * bin] = Scalar(line[bin].real)
            target[2 * bin + 1] = Scalar(line[bin].imaginary)
        }
    }
}
