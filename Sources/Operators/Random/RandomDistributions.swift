import GraphIR
import Tensors

/// Distributions with parameters: each parameter gets as many samples as the shape has room for; every sample has counters of its
/// own, so that the numbers do not depend on how they are computed.
enum RandomDistributions {
    static let spellings: [OperatorSpelling] =
        [
            sampled("StatelessRandomGammaV2", .seed(1), parameters: 1, type: "dtype", appends: false) { _ in GammaSampler() },
            sampled("StatelessRandomGammaV3", .keyCounter(1), parameters: 1, type: "dtype", appends: false) { _ in GammaSampler() },
            seeded("RandomGamma", type: "T") { _ in GammaSampler() },
            sampled("StatelessRandomPoisson", .seed(1), parameters: 1, type: "dtype", appends: false) { _ in PoissonSampler() },
            seeded("RandomPoissonV2", type: "dtype", default: .int64) { _ in PoissonSampler() },
            seeded("RandomPoisson", type: "dtype") { _ in PoissonSampler() },
            sampled("StatelessRandomBinomial", .seed(1), parameters: 2, type: "dtype", default: .int64, appends: false) {
                BinomialSampler(isSingle: $0 != .float64 && $0 != .int64 && $0 != .int32)
            },
        ] + TruncatedNormal.spellings + Multinomial.spellings

    private static func sampled(
        _ name: String, _ source: RandomSource, parameters: Int, type: String, default fallback: ElementType? = nil, appends: Bool,
        sampler: @escaping @Sendable (ElementType) -> any RandomSampler
    ) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            let element = try reader.elementType(type, or: fallback)
            return SampledRandom(
                name: name, type: element, source: source, parameterCount: parameters,
                appendsParameters: appends, sampler: sampler)
        }
    }

    /// One whose generator goes on from run to run, and whose output has the parameters' axes behind the shape's.
    private static func seeded(
        _ name: String, type: String, default fallback: ElementType? = nil,
        sampler: @escaping @Sendable (ElementType) -> any RandomSampler
    ) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            let element = try reader.elementType(type, or: fallback)
            return SampledRandom(
                name: name, type: element, source: .own(try SeededGenerator(reader)), parameterCount: 1,
                appendsParameters: true, sampler: sampler)
        }
    }
}

extension AttributeReader {
    /// The element type that an attribute names, which must be there when there is no `fallback`.
    fileprivate func elementType(_ name: String, or fallback: ElementType?) throws(OperatorError) -> ElementType {
        if let fallback { return try elementType(name) ?? fallback }
        return try requiredType(name)
    }
}

/// One sample of a distribution.
protocol RandomSampler: Sendable {
    /// - Parameters:
    ///   - parameters: of the distribution, of the batch that the sample is of.
    ///   - index: the sample's number among all.
    func sample(_ parameters: [Double], _ generator: Philox, index: UInt64) -> Double
}

/// Samples of a distribution whose parameters are tensors.
///
/// - Shapes: shape int32 or int64 [r], parameters that broadcast to [p…] → [s…, p…], which is what the shape says, or, when
///   `appendsParameters`, the shape followed by [p…].
struct SampledRandom: DynamicOperator {
    let name: String
    let type: ElementType
    let source: RandomSource
    let parameterCount: Int
    let appendsParameters: Bool
    let sampler: @Sendable (ElementType) -> any RandomSampler

    var effects: Effects { source.effects }
    private var firstParameter: Int { max(1, source.inputs.upperBound) }

    private static let numbers: Set<ElementType> = [.float16, .bfloat16, .float32, .float64, .int32, .int64]

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let count = firstParameter + parameterCount
        try inputs.checkCount(count...count)
        guard Self.numbers.contains(type) else { throw .unsupported("random numbers of \(type)") }
        var parameters: SymbolicShape? = SymbolicShape([])
        for index in firstParameter..<count {
            let own = try inputs.required(index, of: Self.numbers).shape
            guard let left = parameters, let right = own else {
                parameters = nil
                continue
            }
            guard let joined = SymbolicShape.broadcast(left, right) else {
                throw .invalidInput(index: index, reason: "has shape \(right), which does not broadcast to \(left)")
            }
            parameters = joined
        }
        guard let wanted = try inputs.parameters(0) else { return [ValueFact(type, nil as SymbolicShape?)] }
        let shape = SymbolicShape(try Shape(checked: wanted, what: "the random numbers"))
        guard appendsParameters else { return [ValueFact(type, shape)] }
        return [ValueFact(type, parameters.map { SymbolicShape(shape.dimensions + $0.dimensions) })]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let parameters = try (0..<parameterCount).map { try context.required(firstParameter + $0) }
        var common = Shape.scalar
        for parameter in parameters {
            guard let joined = Shape.broadcast(common, parameter.shape) else {
                throw OperatorError.invalidValue("has parameters of the shapes \(parameters.map(\.shape))")
            }
            common = joined
        }
        var extents = try context.integers(0)
        if appendsParameters { extents += common.extents }
        let shape = try Shape(checked: extents, what: "the random numbers")
        guard shape.rank >= common.rank, Array(shape.extents.suffix(common.rank)) == common.extents else {
            throw OperatorError.invalidValue("makes numbers of shape \(shape) of parameters of shape \(common); it must end with that")
        }
        let values = try parameters.map { try Self.broadcast($0, to: common, context) }
        let batchCount = common.elementCount, count = shape.elementCount
        guard count > 0 else { return [.tensor(try context.makeTensor(TensorSpec(type, shape)) { _ in })] }
        let generator = try source.generator({ index throws(OperatorError) in try context.required(index) }, reserved: UInt64(count) &* 256)
        let sampler = sampler(parameters[0].elementType), sampleCount = count / batchCount
        let result = try context.makeTensor(TensorSpec(type, shape)) { bytes in
            guard let target = bytes.baseAddress else { return }
            var index: UInt64 = 0
            for batch in 0..<batchCount {
                let own = values.map { $0[batch] }
                for sample in 0..<sampleCount {
                    let number = sampler.sample(own, generator, index: index)
                    type.store(number, to: target, at: sample * batchCount + batch)
                    index &+= 1
                }
            }
        }
        return [.tensor(result)]
    }

    private static func broadcast(_ view: TensorView, to shape: Shape, _ context: EvaluationContext) throws(OperatorError) -> [Double] {
        let values = try view.elementType.numbers(view)
        if view.shape == shape { return values }
        return try context.withScratch(ByteCount.of(Double.self, shape.elementCount)) { () throws(OperatorError) in
            let offset = shape.rank - view.shape.rank, own = view.shape.strides
            let strides = (0..<shape.rank).map { axis in
                axis < offset || view.shape[axis - offset] == 1 ? 0 : own[axis - offset]
            }
            let outer = shape.strides
            return (0..<shape.elementCount).map { place in
                var rest = place, source = 0
                for axis in 0..<shape.rank {
                    source += rest / outer[axis] * strides[axis]
                    rest %= outer[axis]
                }
                return values[source]
            }
        }
    }
}

extension ElementType {
    /// The elements of `view`, which has this type, as doubles.
    func numbers(_ view: TensorView) throws(OperatorError) -> [Double] {
        switch self {
        case .float32: view.values(Float.self).map(Double.init)
        case .float64: view.values(Double.self)
        case .float16: view.halves.map { Double(HalfPrecision.float(fromBinary16: $0)) }
        case .bfloat16: view.halves.map { Double(HalfPrecision.float(fromBFloat16: $0)) }
        default:
            if let integers = view.integers { integers.map(Double.init) } else { throw .unsupported("parameters of \(self)") }
        }
    }

    /// Stores a number as element `place`; what an integer type cannot hold becomes its nearest, NaN 0.
    func store(_ number: Double, to target: UnsafeMutableRawPointer, at place: Int) {
        switch self {
        case .float32: target.storeBytes(of: Float(number), toByteOffset: place * 4, as: Float.self)
        case .float64: target.storeBytes(of: number, toByteOffset: place * 8, as: Double.self)
        case .float16: target.storeBytes(of: HalfPrecision.binary16(from: Float(number)), toByteOffset: place * 2, as: UInt16.self)
        case .bfloat16: target.storeBytes(of: HalfPrecision.bfloat16(from: Float(number)), toByteOffset: place * 2, as: UInt16.self)
        case .int32:
            let bounded = number.isNaN ? 0 : max(Double(Int32.min), min(Double(Int32.max), number))
            target.storeBytes(of: Int32(bounded), toByteOffset: place * 4, as: Int32.self)
        default:
            let bounded = number.isNaN ? 0 : max(-0x1p63, min(0x1.fffffffffffffp62, number))
            target.storeBytes(of: Int64(bounded), toByteOffset: place * 8, as: Int64.self)
        }
    }
}
