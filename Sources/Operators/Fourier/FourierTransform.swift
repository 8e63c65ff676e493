package import GraphIR
import Tensors

/// The discrete Fourier transform over the last one, two or three axes, or its inverse.
///
/// - Shapes: the input's. Inverses are divided by the number of elements that are transformed.
/// - Source: TensorFlow's FFT, FFT2D, FFT3D, IFFT, IFFT2D and IFFT3D.
struct ComplexFourierTransform: Operator {
    let axes: Int
    var isInverse = false
    var name: String { (isInverse ? "IFFT" : "FFT") + (axes == 1 ? "" : "\(axes)D") }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.required(0, of: [.complex64, .complex128])
        if let rank = data.rank, rank < axes { throw .invalidInput(index: 0, reason: "has rank \(rank), expected \(axes) or more") }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .leading(of: inputs, keeping: { $0.count - axes })
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let data = try context.input(0), extents = Array(data.shape.extents.suffix(axes))
        return try FourierKernel.compile(
            context, form: .complex(isInverse: isInverse), lengths: extents, input: extents, output: extents)
    }
}

/// The Fourier transform of real numbers over the last axes, of which the last one is given by half, or the way back.
///
/// - Shapes: data [B…, n…], lengths [axes] → [B…, lengths…], where the last axis of the complex side has length / 2 + 1. Longer
///   inputs are cut, shorter ones refused.
/// - Source: TensorFlow's RFFT, RFFT2D, RFFT3D, IRFFT, IRFFT2D and IRFFT3D.
struct RealFourierTransform: Operator {
    let axes: Int
    var isInverse = false
    let resultType: ElementType
    var name: String { (isInverse ? "IRFFT" : "RFFT") + (axes == 1 ? "" : "\(axes)D") }
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.required(0, of: isInverse ? [.complex64, .complex128] : [.float32, .float64])
        guard let shape = data.shape else { return [ValueFact(resultType, nil as SymbolicShape?)] }
        guard shape.rank >= axes else { throw .invalidInput(index: 0, reason: "has rank \(shape.rank), expected \(axes) or more") }
        var result = shape
        let lengths = try inputs.parameters(1)
        if let lengths { try check(lengths, shape) }
        for axis in 0..<axes {
            let length = lengths.map { axis == axes - 1 && !isInverse && $0[axis] > 0 ? $0[axis] / 2 + 1 : $0[axis] }
            result[shape.rank - axes + axis] = length.map(Dimension.known) ?? .unknown
        }
        return [ValueFact(resultType, try result.checked("the output"))]
    }

    private func check(_ lengths: [Int], _ shape: SymbolicShape) throws(OperatorError) {
        guard lengths.count == axes, lengths.allSatisfy({ $0 >= 0 && $0 <= Shape.maximumElementCount }) else {
            throw .invalidInput(index: 1, reason: "is \(lengths), expected \(axes) lengths")
        }
        for axis in 0..<axes {
            let needed = isInverse && axis == axes - 1 && lengths[axis] > 0 ? lengths[axis] / 2 + 1 : lengths[axis]
            if let extent = shape[shape.rank - axes + axis].value, extent < needed {
                throw .invalidInput(
                    index: 0, reason: "has extent \(extent) along axis \(shape.rank - axes + axis), the lengths \(lengths) need \(needed)")
            }
        }
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.isFixed(1) else { return .mixed(RowReason.counted) }
        return .leading(of: inputs, keeping: { $0.count - axes })
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try FourierKernel.compile(
            context, form: isInverse ? .toReal : .fromReal, lengths: context.parameters(1),
            input: Array(try context.input(0).shape.extents.suffix(axes)),
            output: Array(context.outputs[0].shape.extents.suffix(axes)))
    }
}

/// Fourier transforms.
package enum FourierOperators {
    package static let spellings: [OperatorSpelling] = (1...3).flatMap(spellings(axes:)) + signals

    private static func spellings(axes: Int) -> [OperatorSpelling] {
        let suffix = axes == 1 ? "" : "\(axes)D"
        let complex: [OperatorSpelling] = [
            .tensorFlow("FFT" + suffix) { _ throws(OperatorError) in ComplexFourierTransform(axes: axes) },
            .tensorFlow("IFFT" + suffix) { _ throws(OperatorError) in ComplexFourierTransform(axes: axes, isInverse: true) },
        ]
        let real: [OperatorSpelling] = [
            .tensorFlow("RFFT" + suffix) { reader throws(OperatorError) in
                RealFourierTransform(
                    axes: axes, resultType: try reader.elementType("Tcomplex", default: .complex64, of: ElementTypes.complex))
            },
            .tensorFlow("IRFFT" + suffix) { reader throws(OperatorError) in
                let type = try reader.elementType("Treal", default: .float32, of: [.float32, .float64])
                return RealFourierTransform(axes: axes, isInverse: true, resultType: type)
            },
        ]
        return complex + real
    }

    private static let signals: [OperatorSpelling] = [
        .onnx("DFT", since: 17, through: 19) { reader throws(OperatorError) in
            SignalTransform(
                axis: try reader.integer("axis", default: 1), isInverse: try reader.flag("inverse", default: false),
                isOneSided: try reader.flag("onesided", default: false))
        },
        .onnx("DFT", since: 20) { reader throws(OperatorError) in
            SignalTransform(
                axis: nil, isInverse: try reader.flag("inverse", default: false),
                isOneSided: try reader.flag("onesided", default: false))
        },
        .onnx("STFT", since: 17) { reader throws(OperatorError) in
            ShortTimeTransform(isOneSided: try reader.flag("onesided", default: true))
        },
        .onnx("HannWindow", since: 17) { reader throws(OperatorError) in try SignalWindow(reader, .hann) },
        .onnx("HammingWindow", since: 17) { reader throws(OperatorError) in try SignalWindow(reader, .hamming) },
        .onnx("BlackmanWindow", since: 17) { reader throws(OperatorError) in try SignalWindow(reader, .blackman) },
        .onnx("MelWeightMatrix", since: 17) { reader throws(OperatorError) in try MelWeights(reader) },
    ]
}
