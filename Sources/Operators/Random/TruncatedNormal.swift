import GraphIR
import Tensors

/// Normal numbers of given means and deviations within given bounds.
///
/// - Shapes: stateless: shape [r], parameters that broadcast to the end of that shape; with a generator of its own: the parameters
///   are scalars or have one element for each position of the first axis.
/// - Source: TensorFlow operators StatelessParameterizedTruncatedNormal and ParameterizedTruncatedNormal; Robert, "Simulation of
///   truncated normal variables", 1995.
struct TruncatedNormal: DynamicOperator {
    let name: String
    let type: ElementType
    let source: RandomSource

    private static let attempts = 1000
    /// Bounds so far from the mean, in deviations, are met by normal numbers often enough.
    private static let farBound = 1.3

    var effects: Effects { source.effects }
    private var firstParameter: Int { max(1, source.inputs.upperBound) }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let count = firstParameter + 4
        try inputs.checkCount(count...count)
        guard [.float16, .float32, .float64].contains(type) else { throw .unsupported("truncated normal numbers of \(type)") }
        for index in firstParameter..<count { _ = try inputs.required(index, of: [type]) }
        guard let wanted = try inputs.parameters(0) else { return [ValueFact(type, nil as SymbolicShape?)] }
        return [ValueFact(type, try Shape(checked: wanted, what: "the random numbers"))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let shape = try Shape(checked: try context.integers(0), what: "the random numbers")
        let count = shape.elementCount
        let parameters = try (0..<4).map { try context.required(firstParameter + $0) }
        let values = try parameters.map { try $0.elementType.numbers($0) }
        guard count > 0, values.allSatisfy({ !$0.isEmpty }) else {
            return [.tensor(try context.makeTensor(TensorSpec(type, shape)) { _ in })]
        }
        let plan = try layout(shape, parameters.map(\.shape))
        let reserved = UInt64(plan.batchCount) &* 2000 &* (UInt64(plan.sampleCount) &+ 3) / 4
        let generator = try source.generator({ index throws(OperatorError) in try context.required(index) }, reserved: reserved)
        var numbers: [Double] = []
        try context.withScratch(ByteCount.of(Double.self, count)) { () throws(OperatorError) in
            numbers = [Double](repeating: 0, count: count)
            if type == .float64 {
                try fill(&numbers, plan, values, generator, Double.self)
            } else {
                try fill(&numbers, plan, values, generator, Float.self)
            }
        }
        return [
            .tensor(
                try context.makeTensor(TensorSpec(type, shape)) { bytes in
                    guard let target = bytes.baseAddress else { return }
                    for (place, number) in numbers.enumerated() { type.store(number, to: target, at: place) }
                })
        ]
    }

    /// Which samples share parameters, and where they lie.
    private struct Layout {
        let batchCount: Int
        let sampleCount: Int
        /// Elements between samples of a batch, and between batches.
        let sampleStride: Int
        let batchStride: Int
        /// For each batch the place of each parameter.
        let places: @Sendable (Int) -> [Int]
    }

    private func layout(_ shape: Shape, _ parameters: [Shape]) throws(OperatorError) -> Layout {
        let counts = parameters.map(\.elementCount)
        if case .own = source {
            if counts.allSatisfy({ $0 == 1 }) {
                // Equal parameters: batches of 100, whatever the shape.
                return Layout(
                    batchCount: (shape.elementCount + 99) / 100, sampleCount: 100, sampleStride: 1, batchStride: 100,
                    places: { _ in [0, 0, 0, 0] })
            }
            let batchCount = shape.extents.first ?? 1
            guard parameters.allSatisfy({ $0.rank <= 1 }), counts.allSatisfy({ $0 == 1 || $0 == batchCount }) else {
                throw .invalidValue("has parameters of the shapes \(parameters), expected scalars or [\(batchCount)]")
            }
            let sampleCount = shape.elementCount / batchCount
            return Layout(
                batchCount: batchCount, sampleCount: sampleCount, sampleStride: 1, batchStride: sampleCount,
                places: { batch in counts.map { $0 == 1 ? 0 : batch } })
        }
        var common = Shape.scalar
        for parameter in parameters {
            guard let joined = Shape.broadcast(common, parameter) else {
                throw .invalidValue("has parameters of the shapes \(parameters), which do not broadcast")
            }
            common = joined
        }
        guard shape.rank >= common.rank, Array(shape.extents.suffix(common.rank)) == common.extents else {
            throw .invalidValue("makes numbers of shape \(shape) of parameters of shape \(common); it must end with that")
        }
        let batchCount = common.elementCount, whole = common
        return Layout(
            batchCount: batchCount, sampleCount: shape.elementCount / batchCount, sampleStride: batchCount, batchStride: 1,
            places: { batch in parameters.map { $0.place(of: batch, in: whole) } })
    }

    private func fill<Real: RandomReal>(
        _ numbers: inout [Double], _ plan: Layout, _ values: [[Double]], _ generator: Philox, _: Real.Type
    ) throws(OperatorError) {
        // One stream for all: where a batch begins follows from the numbers that those before it took.
        var generator = generator
        for batch in 0..<plan.batchCount {
            let places = plan.places(batch)
            let own = zip(values, places).map { Real($0[$1]) }
            let first = batch * plan.batchStride
            let sampleCount = plan.sampleStride == 1 ? min(plan.sampleCount, numbers.count - first) : plan.sampleCount
            var bounds = try Bounds(mean: own[0], deviation: own[1], low: own[2], high: own[3])
            var sample = 0
            try bounds.draw(sampleCount, &generator) { number in
                numbers[first + sample * plan.sampleStride] = Double(number)
                sample += 1
            }
        }
    }

    /// Bounds in deviations from the mean, and how to draw between them.
    private struct Bounds<Real: RandomReal> {
        let mean: Real
        var deviation: Real
        let low: Real
        let high: Real

        init(mean: Real, deviation: Real, low: Real, high: Real) throws(OperatorError) {
            guard deviation > 0, low < high, low.isFinite || high.isFinite else {
                throw .invalidValue("has the deviation \(deviation) and the bounds \(low) and \(high)")
            }
            self.mean = mean
            // Bounds on the lower side are mirrored.
            let isMirrored = low.isInfinite && low < 0 || high < mean
            self.deviation = isMirrored ? -deviation : deviation
            self.low = ((isMirrored ? high : low) - mean) / self.deviation
            self.high = ((isMirrored ? low : high) - mean) / self.deviation
        }

        mutating func draw(_ count: Int, _ generator: inout Philox, _ give: (Real) -> Void) throws(OperatorError) {
            let root = (low * low + 4).squareRoot()
            let cutoff = 2 * Real.exponential(Real(0.5) + low * (low - root) / 4) / (low + root)
            let far = Real(farBound)
            if low < -far && high >= 0 || high > far && low <= 0 {
                try drawNormal(count, &generator, give)
            } else if high - low < cutoff {
                try drawUniform(count, &generator, give)
            } else {
                try drawExponential(count, (low + root) / 2, &generator, give)
            }
        }

        private func drawNormal(_ count: Int, _ generator: inout Philox, _ give: (Real) -> Void) throws(OperatorError) {
            var found = 0, rejected = 0
            while found < count {
                for number in Real.normals(&generator) where found < count {
                    if number >= low && number <= high {
                        give(number * deviation + mean)
                        (found, rejected) = (found + 1, 0)
                    } else {
                        rejected += 1
                        guard rejected <= attempts else { throw Self.exhausted }
                    }
                }
            }
        }

        private func drawUniform(_ count: Int, _ generator: inout Philox, _ give: (Real) -> Void) throws(OperatorError) {
            let offset = low < 0 ? 0 : low * low
            var found = 0, rejected = 0
            while found < count {
                let numbers = Real.uniforms(&generator).map { $0 * (high - low) + low }
                for (number, u) in zip(numbers, Real.uniforms(&generator)) where found < count {
                    if u <= Real.exponential((offset - number * number) / 2) {
                        give(number * deviation + mean)
                        (found, rejected) = (found + 1, 0)
                    } else {
                        rejected += 1
                        guard rejected < attempts else { throw Self.exhausted }
                    }
                }
            }
        }

        private func drawExponential(
            _ count: Int, _ alpha: Real, _ generator: inout Philox, _ give: (Real) -> Void
        ) throws(OperatorError) {
            var found = 0, rejected = 0
            while found < count {
                let numbers = Real.uniforms(&generator)
                for place in stride(from: 0, to: numbers.count - 1, by: 2) where found < count {
                    let number = -Real.logarithm(numbers[place]) / alpha + low
                    let x = low < alpha ? alpha - number : low - alpha
                    if numbers[place + 1] <= Real.exponential(-x * x / 2) && number < high {
                        give(number * deviation + mean)
                        (found, rejected) = (found + 1, 0)
                    } else {
                        rejected += 1
                        guard rejected < attempts else { throw Self.exhausted }
                    }
                }
            }
        }

        private static var exhausted: OperatorError {
            .invalidValue("finds no number between its bounds in \(attempts) attempts")
        }
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("StatelessParameterizedTruncatedNormal") { reader throws(OperatorError) in
            TruncatedNormal(
                name: "StatelessParameterizedTruncatedNormal", type: try reader.requiredType("dtype"), source: .seed(1))
        },
        .tensorFlow("ParameterizedTruncatedNormal") { reader throws(OperatorError) in
            TruncatedNormal(
                name: "ParameterizedTruncatedNormal", type: try reader.requiredType("dtype"),
                source: .own(try SeededGenerator(reader)))
        },
    ]
}

extension Shape {
    /// The element of a tensor of this shape that stands at `place` when it is broadcast to `shape`.
    fileprivate func place(of place: Int, in shape: Shape) -> Int {
        let outer = shape.strides, own = strides, offset = shape.rank - rank
        var rest = place, result = 0
        for axis in 0..<shape.rank {
            if axis >= offset, self[axis - offset] != 1 { result += rest / outer[axis] * own[axis - offset] }
            rest %= outer[axis]
        }
        return result
    }
}
