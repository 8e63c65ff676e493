import GraphIR
import Tensors

/// Integers for real numbers by a scale and a zero point: ⌊x / scale + ½⌋ + zero, limited, and the way back.
///
/// - Shapes: data [D…], scales and zero points (scalars, or vectors along `axis`; for a requantization those of the input and of the
///   output) → the data's shape.
/// - Types: float32 → int8, int32; back to float32; a requantization from int8, int32 to int8, int32.
/// - Source: TensorFlow UniformQuantize, UniformDequantize, UniformRequantize.
struct UniformQuantization: Operator {
    enum Function: Sendable { case quantize, dequantize, requantize }

    let function: Function
    let target: ElementType
    let limits: (low: Int, high: Int)
    let axis: Int?
    /// Of a requantization's output.
    var outputAxis: Int?

    var name: String {
        switch function {
        case .quantize: "UniformQuantize"
        case .dequantize: "UniformDequantize"
        case .requantize: "UniformRequantize"
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let count = function == .requantize ? 5 : 3
        try inputs.checkCount(count...count)
        let data = try inputs.required(0, of: function == .quantize ? [.float32] : [.int8, .int32])
        guard function == .dequantize ? target == .float32 : [.int8, .int32].contains(target) else {
            throw .unsupported("\(name) to \(target)")
        }
        guard limits.low <= limits.high else {
            throw .invalidAttribute(name: "output_quantization_min_val", reason: "is \(limits.low), above \(limits.high)")
        }
        for index in 1..<count { _ = try inputs.required(index, of: index % 2 == 1 ? [.float32] : [.int32]) }
        for (index, axis) in [axis, axis, outputAxis, outputAxis].enumerated() where index + 1 < count {
            if let axis, let rank = data.rank, axis >= rank {
                throw .invalidAttribute(name: "quantization_axis", reason: "is \(axis), input 0 has rank \(rank)")
            }
            guard let shape = try inputs.required(index + 1).shape?.concrete else { continue }
            let expected = axis.flatMap { data.shape?[$0].value } ?? (axis == nil ? 1 : nil)
            if let expected, shape.elementCount != expected {
                throw .invalidInput(index: index + 1, reason: "has shape \(shape), expected \(expected) numbers")
            }
        }
        return [ValueFact(target, data.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        let positional = [axis, outputAxis].compactMap(\.self)
        guard let rows = inputs.axis(0), !positional.contains(rows) else { return .mixed(RowReason.positional) }
        return inputs.elementwise()
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), this = self, count = data.shape.elementCount
        let places = SlicePlaces(data.shape, axis: axis), outputPlaces = SlicePlaces(data.shape, axis: outputAxis)
        let kernel = LoopKernel { (context) throws(OperatorError) in
            let scales = context.input(1, as: Float.self), zeros = context.input(2, as: Int32.self)
            for slice in 0..<places.count where !(scales[slice] > 0 && scales[slice].isFinite) {
                throw .invalidValue("scale \(scales[slice]) is not a positive number")
            }
            switch this.function {
            case .quantize:
                let x = context.input(0, as: Float.self), y = QuantizedElements(context.output(0), this.target)
                for place in 0..<count {
                    let slice = places.slice(of: place), inverse = 1 / scales[slice]
                    y[place] = this.limited(Int64(saturating: Double((x[place] * inverse + 0.5).rounded(.down))), zeros[slice])
                }
            case .dequantize:
                let x = QuantizedElements(reading: context.input(0), data.elementType), y = context.output(0, as: Float.self)
                for place in 0..<count {
                    let slice = places.slice(of: place)
                    y[place] = Float(Int32(truncatingIfNeeded: x[place] &- Int64(zeros[slice]))) * scales[slice]
                }
            case .requantize:
                let x = QuantizedElements(reading: context.input(0), data.elementType)
                let y = QuantizedElements(context.output(0), this.target)
                let newScales = context.input(3, as: Float.self), newZeros = context.input(4, as: Int32.self)
                for slice in 0..<outputPlaces.count where !(newScales[slice] > 0 && newScales[slice].isFinite) {
                    throw .invalidValue("scale \(newScales[slice]) is not a positive number")
                }
                for place in 0..<count {
                    let slice = places.slice(of: place), new = outputPlaces.slice(of: place)
                    let multiplier = FixedMultiplier(Double(scales[slice]) / Double(newScales[new]))
                    let value = Int32(truncatingIfNeeded: x[place] &- Int64(zeros[slice]))
                    y[place] = this.limited(multiplier.product(value), newZeros[new])
                }
            }
        }
        return CompiledOperator(kernel)
    }

    @inline(__always)
    private func limited(_ value: Int64, _ zero: Int32) -> Int64 {
        let moved = min(max(value, Int64(Int32.min)), Int64(Int32.max)) + Int64(zero)
        return min(max(moved, Int64(limits.low)), Int64(limits.high))
    }
}

/// Which slice along an axis an element belongs to.
private struct SlicePlaces: Sendable {
    let count: Int
    private let innerCount: Int

    init(_ shape: Shape, axis: Int?) {
        count = axis.map { shape[$0] } ?? 1
        innerCount = axis.map { max(shape.elementCount(in: $0 + 1..<shape.rank), 1) } ?? 1
    }

    @inline(__always) func slice(of place: Int) -> Int { count <= 1 ? 0 : place / innerCount % count }
}

/// A positive factor as an integer of 31 bits and a shift.
private struct FixedMultiplier {
    private let factor: Int64
    private let shift: Int64

    init(_ value: Double) {
        var exponent = Int64(value.isNormal ? value.exponent + 1 : -32)
        let fraction = value / Double(sign: .plus, exponent: Int(exponent), significand: 1)
        var fixed = Int64(saturating: (fraction * 0x1p31).rounded(.toNearestOrAwayFromZero))
        if fixed == 1 << 31 {
            fixed /= 2
            exponent += 1
        }
        if exponent < -31 {
            fixed = 0
            exponent = 0
        } else if exponent > 30 {
            fixed = (1 << 31) - 1
            exponent = 30
        }
        factor = fixed
        shift = 31 - exponent
    }

    @inline(__always)
    func product(_ value: Int32) -> Int64 { (Int64(value) &* factor &+ 1 << (shift - 1)) >> shift }
}
