import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Weights that sum the frequencies of a spectrum into overlapping bands, which the mel scale spaces evenly.
///
/// - Shapes: bands (1), transform length (1), sample rate (1), lowest and highest frequency (1) → [length / 2 + 1, bands].
/// - Numerics: each band is a triangle with a peak of 1. Integers are cut towards zero.
/// - Source: ONNX operator MelWeightMatrix.
struct MelWeights: Operator {
    let resultType: ElementType
    var name: String { "MelWeightMatrix" }
    var shapeOperands: Set<Int> { [0, 1] }

    init(_ reader: AttributeReader) throws(OperatorError) { resultType = try reader.outputNumberType() }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(5...5)
        for index in 0..<3 { _ = try inputs.required(index, of: [.int32, .int64]) }
        for index in 3..<5 { _ = try inputs.required(index, of: ElementTypes.floatingPoint) }
        try inputs.checkSameType(4, as: 3)
        for index in 2..<5 {
            guard let shape = inputs[index]?.shape?.concrete, shape.elementCount != 1 else { continue }
            throw .invalidInput(index: index, reason: "has shape \(shape), expected a single number")
        }
        let bands = try inputs.single(0), length = try inputs.single(1)
        if let bands, !(0...Shape.maximumElementCount).contains(bands) {
            throw .invalidInput(index: 0, reason: "is \(bands), expected how many bands there are")
        }
        if let length, !(0...Shape.maximumElementCount).contains(length) {
            throw .invalidInput(index: 1, reason: "is \(length), expected the length of a transform")
        }
        let shape = SymbolicShape([
            length.map { .known($0 / 2 + 1) } ?? .unknown, bands.map(Dimension.known) ?? .unknown,
        ])
        return [ValueFact(resultType, try shape.checked("the output"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        guard let length = try context.parameters(1).first else { throw .invalidInput(index: 1, reason: "is empty") }
        let output = context.outputs[0]
        return CompiledOperator(
            MelWeightsKernel(
                rows: output.shape[0], bands: output.shape[1], length: length, type: resultType,
                rateType: try context.input(2).elementType, edgeType: try context.input(3).elementType,
                byteCount: output.byteCount))
    }
}

private struct MelWeightsKernel: Kernel {
    let rows: Int
    let bands: Int
    let length: Int
    let type: ElementType
    let rateType: ElementType
    let edgeType: ElementType
    let byteCount: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        let output = context.output(0)
        output.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        let rate = try number(context, 2, rateType), low = try number(context, 3, edgeType), high = try number(context, 4, edgeType)
        guard rate > 0, low > -700, high >= low, high.isFinite else {
            throw .invalidValue("has no bands from \(low) to \(high) hertz at \(rate) samples a second")
        }
        let first = mel(low), step = (mel(high) - first) / Double(bands + 2)
        var lower = try position(first, rate), center = try position(first + step, rate)
        for band in 0..<bands {
            let upper = try position(first + Double(band + 2) * step, rate)
            guard center < rows else { throw .invalidValue("band \(band) has its peak beyond the spectrum") }
            if center == lower {
                type.store(1, output, center * bands + band)
            } else if center > lower {
                for row in lower...center { type.store(Double(row - lower) / Double(center - lower), output, row * bands + band) }
            }
            for row in center..<max(upper, center) {
                type.store(Double(upper - row) / Double(upper - center), output, row * bands + band)
            }
            (lower, center) = (center, upper)
        }
    }

    private func number(_ context: KernelContext, _ index: Int, _ type: ElementType) throws(OperatorError) -> Double {
        try type.dispatch(FirstNumber(address: context.input(index)))
    }

    /// In the precision of the edges.
    private func mel(_ frequency: Double) -> Double {
        edgeType == .float64 ? 2595 * log10(1 + frequency / 700) : Double(2595 * log10f(1 + Float(frequency) / 700))
    }

    /// The row of a frequency of the mel scale.
    private func position(_ mel: Double, _ rate: Double) throws(OperatorError) -> Int {
        let frequency = 700 * (pow(10, mel / 2595) - 1), place = ((Double(length) + 1) * frequency / rate).rounded(.down)
        guard place >= 0, place <= Double(rows) else {
            throw .invalidValue("a band reaches to \(frequency) hertz, beyond the spectrum at \(rate) samples a second")
        }
        return Int(place)
    }
}
