import GraphIR
import Tensors

/// Real numbers as they would come back from a quantization with few bits.
///
/// - Shapes: data [D…] → the same. The range is an attribute, two scalar inputs, or two vectors along the data's last axis.
/// - Types: float32.
/// - Numerics: the range is moved so that 0 is one of the numbers that remain.
/// - Source: TensorFlow FakeQuantWithMinMaxArgs, FakeQuantWithMinMaxVars, FakeQuantWithMinMaxVarsPerChannel.
struct FakeQuant: Operator {
    enum Range: Sendable {
        case attributes(low: Float, high: Float)
        case inputs
        case channels
    }

    let range: Range
    let bits: Int
    let isNarrow: Bool

    var name: String {
        switch range {
        case .attributes: "FakeQuantWithMinMaxArgs"
        case .inputs: "FakeQuantWithMinMaxVars"
        case .channels: "FakeQuantWithMinMaxVarsPerChannel"
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard (2...16).contains(bits) else { throw .invalidAttribute(name: "num_bits", reason: "is \(bits), expected 2 to 16") }
        let data = try inputs.required(0, of: [.float32])
        switch range {
        case .attributes(let low, let high):
            try inputs.checkCount(1...1)
            guard low < high else { throw .invalidAttribute(name: "min", reason: "is \(low), expected less than max, \(high)") }
        case .inputs:
            try inputs.checkCount(3...3)
            try inputs.checkRanges(1..<3)
        case .channels:
            try inputs.checkCount(3...3)
            if let rank = data.rank, rank == 0 { throw .invalidInput(index: 0, reason: "is a scalar, which has no channels") }
            for index in 1...2 {
                let bound = try inputs.required(index, of: [.float32])
                guard let shape = bound.shape, let channels = data.shape?.dimensions.last else { continue }
                guard shape.rank == 1, Dimension.unified(shape[0], channels) != nil else {
                    throw .invalidInput(index: index, reason: "has shape \(shape), expected one number for each channel")
                }
            }
        }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        if case .channels = range, let extents = inputs.extents(0), inputs.axis(0) == extents.count - 1 {
            return .mixed(RowReason.positional)
        }
        return inputs.elementwise()
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let shape = try context.input(0).shape, this = self
        let channels: Int
        if case .channels = range { channels = shape[shape.rank - 1] } else { channels = 1 }
        let kernel = LoopKernel { context in
            let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
            for channel in 0..<channels {
                let low: Float, high: Float
                if case .attributes(let first, let second) = this.range {
                    (low, high) = (first, second)
                } else {
                    (low, high) = (context.input(1, as: Float.self)[channel], context.input(2, as: Float.self)[channel])
                }
                let levels = NudgedLevels(low, high, bits: this.bits, isNarrow: this.isNarrow)
                for place in stride(from: channel, to: shape.elementCount, by: channels) { y[place] = levels.nearest(x[place]) }
            }
        }
        return CompiledOperator(kernel, inPlace: context.inPlace(0..<1))
    }
}

/// Equally spaced numbers with 0 among them.
private struct NudgedLevels {
    private let low: Float
    private let high: Float
    private let step: Float
    private let inverse: Float
    private let zero: Float
    private let isEmpty: Bool

    init(_ low: Float, _ high: Float, bits: Int, isNarrow: Bool) {
        isEmpty = low == 0 && high == 0
        let first: Float = isNarrow ? 1 : 0, last = Float((1 << bits) - 1)
        step = (high - low) / (last - first)
        inverse = (last - first) / (high - low)
        let place = first - low / step
        let nudged = place < first ? first : place > last ? last : place.rounded(.toNearestOrAwayFromZero)
        self.low = (first - nudged) * step
        self.high = (last - nudged) * step
        zero = (-self.low * inverse + 0.5).rounded(.down)
    }

    @inline(__always)
    func nearest(_ x: Float) -> Float {
        guard !isEmpty else { return 0 }
        let limited = max(min(x, high), low)
        return ((limited - low) * inverse - zero + 0.5).rounded(.down) * step
    }
}
