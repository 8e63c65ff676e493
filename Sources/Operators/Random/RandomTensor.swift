import GraphIR
import Tensors

/// Fills a tensor with numbers of a distribution that attributes describe.
///
/// - Shapes: of the attribute `shape`, without inputs; or that of the input, whose contents do not matter.
/// - Types: floating point; by default float32, or the input's.
/// - Source: ONNX operators RandomNormal, RandomUniform, RandomNormalLike and RandomUniformLike (opset 1, 22).
struct RandomTensor: Operator {
    let name: String
    let distribution: Distribution
    let source: RandomSource
    /// nil: the input's.
    let shape: [Int]?
    /// nil: the input's.
    let type: ElementType?

    /// Numbers of the unit interval or of the standard normal distribution, times `scale`, plus `offset`.
    struct Distribution: Sendable {
        let fill: RandomFill
        let scale: Double
        let offset: Double
    }

    var effects: Effects { source.effects }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        if let shape {
            try inputs.checkCount(0...0)
            let type = type ?? .float32
            guard RandomFill.floats.contains(type) else { throw .unsupported("random numbers of \(type)") }
            return [ValueFact(type, try Shape(checked: shape, what: "the random numbers"))]
        }
        try inputs.checkCount(1...1)
        let like = try inputs.dense(0)
        guard let type else {
            _ = try inputs.required(0, of: RandomFill.floats)
            return [ValueFact(like.elementType, like.shape)]
        }
        guard RandomFill.floats.contains(type) else { throw .unsupported("random numbers of \(type)") }
        return [ValueFact(type, like.shape)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        CompiledOperator(RandomTensorKernel(distribution: distribution, source: source, spec: context.outputs[0]))
    }

    static let spellings: [OperatorSpelling] = [
        spelling("RandomNormal", normal, isLike: false), spelling("RandomUniform", uniform, isLike: false),
        spelling("RandomNormalLike", normal, isLike: true), spelling("RandomUniformLike", uniform, isLike: true),
    ]

    private static func spelling(
        _ name: String, _ distribution: @escaping @Sendable (AttributeReader) throws(OperatorError) -> Distribution, isLike: Bool
    ) -> OperatorSpelling {
        .onnx(name) { reader throws(OperatorError) in
            let shape = isLike ? nil : try reader.integers("shape")
            guard isLike || shape != nil else { throw .invalidAttribute(name: "shape", reason: "is missing") }
            return RandomTensor(
                name: name, distribution: try distribution(reader), source: .own(try SeededGenerator(floatSeed: reader)),
                shape: shape, type: try reader.numberedType("dtype"))
        }
    }

    @Sendable private static func normal(_ reader: AttributeReader) throws(OperatorError) -> Distribution {
        let scale = try reader.float("scale", default: 1), mean = try reader.float("mean", default: 0)
        return Distribution(fill: .normal, scale: Double(scale), offset: Double(mean))
    }

    @Sendable private static func uniform(_ reader: AttributeReader) throws(OperatorError) -> Distribution {
        let low = Double(try reader.float("low", default: 0)), high = Double(try reader.float("high", default: 1))
        guard low.isFinite, high.isFinite, low <= high else {
            throw .invalidAttribute(name: "low", reason: "is \(low), \"high\" is \(high)")
        }
        return Distribution(fill: .uniform, scale: high - low, offset: low)
    }
}

private struct RandomTensorKernel: Kernel {
    let distribution: RandomTensor.Distribution
    let source: RandomSource
    let spec: TensorSpec

    func run(_ context: KernelContext) throws(OperatorError) {
        let count = spec.shape.elementCount, type = spec.elementType, target = context.output(0)
        guard count > 0 else { return }
        let generator = try source.generator(
            { (index) throws(OperatorError) in throw .invalidInput(index: index, reason: "is missing") }, reserved: UInt64(count))
        distribution.fill.fill(target, count: count, type, generator)
        guard distribution.scale != 1 || distribution.offset != 0 else { return }
        switch type {
        case .float64: transform(target, count, as: Double.self) { $0 * distribution.scale + distribution.offset }
        case .float32:
            let scale = Float(distribution.scale), offset = Float(distribution.offset)
            transform(target, count, as: Float.self) { $0 * scale + offset }
        case .float16:
            transform(target, count, as: UInt16.self) { HalfPrecision.binary16(from: moved(HalfPrecision.float(fromBinary16: $0))) }
        case .bfloat16:
            transform(target, count, as: UInt16.self) { HalfPrecision.bfloat16(from: moved(HalfPrecision.float(fromBFloat16: $0))) }
        default: break
        }
    }

    private func moved(_ number: Float) -> Float { Float(Double(number) * distribution.scale + distribution.offset) }

    private func transform<Scalar>(
        _ target: UnsafeMutableRawPointer, _ count: Int, as _: Scalar.Type, _ function: (Scalar) -> Scalar
    ) {
        let numbers = target.assumingMemoryBound(to: Scalar.self)
        for place in 0..<count { numbers[place] = function(numbers[place]) }
    }
}

/// Draws 1 with the probability that the input says at each place, else 0.
///
/// - Shapes: probabilities [d…] → [d…].
/// - Types: floating point → any but strings; by default the input's.
/// - Source: ONNX operator Bernoulli (opset 15, 22).
struct Bernoulli: Operator {
    let source: RandomSource
    /// nil: the input's.
    let type: ElementType?

    var effects: Effects { source.effects }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let probabilities = try inputs.required(0, of: ElementTypes.floatingPoint)
        let type = type ?? probabilities.elementType
        guard ElementTypes.dense.contains(type) else { throw .unsupported("random numbers of \(type)") }
        return [ValueFact(type, probabilities.shape)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let type = context.outputs[0].elementType
            return CompiledOperator(BernoulliKernel(source: source, probabilities: try context.input(0), type: type))
        }
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Bernoulli", since: 15) { reader throws(OperatorError) in
            Bernoulli(source: .own(try SeededGenerator(floatSeed: reader)), type: try reader.numberedType("dtype"))
        }
    ]
}

private struct BernoulliKernel: Kernel {
    let source: RandomSource
    let probabilities: TensorSpec
    let type: ElementType

    func run(_ context: KernelContext) throws(OperatorError) {
        switch type {
        case .float32: try draw(context, one: Float(1).bitPattern)
        case .float64: try draw(context, one: Double(1).bitPattern)
        default:
            switch type.byteCount {
            case 1: try draw(context, one: 1 as UInt8)
            case 2: try draw(context, one: 1 as UInt16)
            case 4: try draw(context, one: 1 as UInt32)
            default: try draw(context, one: 1 as UInt64)
            }
        }
    }

    /// - Parameter one: the bits of 1.
    private func draw<Bits: FixedWidthInteger>(_ context: KernelContext, one: Bits) throws(OperatorError) {
        let count = probabilities.shape.elementCount
        guard count > 0 else { return }
        let generator = try source.generator(
            { (index) throws(OperatorError) in throw .invalidInput(index: index, reason: "is no seed") }, reserved: UInt64(count))
        var numbers = SingleNumbers(generator)
        let target = context.output(0, as: Bits.self)
        if probabilities.elementType == .float64 {
            let chances = context.input(0, as: Double.self)
            for place in 0..<count {
                let first = numbers.next(), second = numbers.next()
                target[place] = RandomBits.double(first, second) < chances[place] ? one : 0
            }
        } else {
            let chances = context.input(0, as: Float.self)
            for place in 0..<count { target[place] = RandomBits.float(numbers.next()) < chances[place] ? one : 0 }
        }
    }
}

extension AttributeReader {
    /// The element type whose number in `TensorProto.DataType` an attribute holds; nil when it is absent.
    func numberedType(_ name: String) throws(OperatorError) -> ElementType? {
        guard let number = try integer(name) else { return nil }
        guard let type = ElementType(onnxNumber: number) else { throw .unsupported("random numbers of data type \(number)") }
        return type
    }
}

extension SeededGenerator {
    /// The generator of ONNX's attribute `seed`, a float; of the system's random numbers when it is absent.
    convenience init(floatSeed reader: AttributeReader) throws(OperatorError) {
        if let seed = try reader.float("seed") {
            self.init(Philox(seed: UInt64(seed.bitPattern), 0))
        } else {
            var system = SystemRandomNumberGenerator()
            self.init(Philox(seed: system.next(), system.next()))
        }
    }
}
