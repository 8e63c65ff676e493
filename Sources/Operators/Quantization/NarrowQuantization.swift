import GraphIR
import Tensors

/// Numbers in memory of any type that linear quantization has, as floats; none of them stands for as many zeros.
struct QuantizedNumbers {
    private let address: UnsafeRawPointer?
    private let type: ElementType
    private let values: UnsafePointer<Float>

    /// - Parameter values: the numbers of all codes, for a `NarrowType`.
    @inline(__always)
    init(_ address: UnsafeRawPointer?, _ type: ElementType, values: UnsafePointer<Float>) {
        self.address = address
        self.type = type
        self.values = values
    }

    @inline(__always)
    subscript(place: Int) -> Float {
        guard let address else { return 0 }
        return switch type {
        case .float32: address.assumingMemoryBound(to: Float.self)[place]
        case .int32: Float(address.assumingMemoryBound(to: Int32.self)[place])
        case .int16: Float(address.assumingMemoryBound(to: Int16.self)[place])
        case .uint16: Float(address.assumingMemoryBound(to: UInt16.self)[place])
        case .int8: Float(address.assumingMemoryBound(to: Int8.self)[place])
        case .uint8: Float(address.assumingMemoryBound(to: UInt8.self)[place])
        default: values[Int(address.load(fromByteOffset: place, as: UInt8.self))]
        }
    }
}

/// The kernels of `QuantizeLinear` and `DequantizeLinear` where a type of 8 bits and fewer is among the operands.
struct NarrowQuantizationKernel: Kernel {
    enum Direction: Sendable {
        case quantizing(LinearQuotient, saturates: Bool)
        case dequantizing
    }

    let direction: Direction
    let runs: ScaleRuns
    let types: (data: ElementType, scale: ElementType, result: ElementType)
    let hasZeros: Bool
    /// The numbers of all codes of the quantized type and of the scale's, where they are narrow.
    private let values: [Float]
    private let scaleValues: [Float]

    init(_ direction: Direction, runs: ScaleRuns, data: ElementType, scale: ElementType, result: ElementType, hasZeros: Bool) {
        self.direction = direction
        self.runs = runs
        types = (data, scale, result)
        self.hasZeros = hasZeros
        values = (data.narrow ?? result.narrow)?.values ?? [0]
        scaleValues = scale.narrow?.values ?? [0]
    }

    /// Whether one of the types needs these kernels.
    static func isNeeded(data: ElementType, scale: ElementType, result: ElementType) -> Bool {
        [data, scale, result].contains { $0.narrow != nil }
    }

    func run(_ context: KernelContext) {
        values.withUnsafeBufferPointer { values in
            scaleValues.withUnsafeBufferPointer { scaleValues in
                guard let values = values.baseAddress, let scaleValues = scaleValues.baseAddress else { return }
                let data = QuantizedNumbers(context.input(0), types.data, values: values)
                let scales = QuantizedNumbers(context.input(1), types.scale, values: scaleValues)
                let zeros = hasZeros ? context.input(2) : nil
                switch direction {
                case .quantizing(let quotient, let saturates):
                    let zeros = QuantizedNumbers(zeros, types.result, values: values)
                    let rounding = NarrowType.Rounding(saturates: saturates)
                    forEach { place, parameter in
                        store(quotient(data[place], scales[parameter]), zeros[parameter], rounding, context.output(0), place)
                    }
                case .dequantizing:
                    let zeros = QuantizedNumbers(zeros, types.data, values: values), y = context.output(0, as: Float.self)
                    forEach { place, parameter in y[place] = (data[place] - zeros[parameter]) * scales[parameter] }
                }
            }
        }
    }

    /// Calls `body` with the place of each element and that of its scale.
    @inline(__always)
    private func forEach(_ body: (Int, Int) -> Void) {
        runs.forEach { start, count, first, step in
            for offset in 0..<count { body(start + offset, first + offset * step) }
        }
    }

    @inline(__always)
    private func store(
        _ value: Float, _ zero: Float, _ rounding: NarrowType.Rounding, _ output: UnsafeMutableRawPointer, _ place: Int
    ) {
        switch types.result {
        case .int8: store(value, zero, Int8.self, output, place)
        case .uint8: store(value, zero, UInt8.self, output, place)
        case .int16: store(value, zero, Int16.self, output, place)
        case .uint16: store(value, zero, UInt16.self, output, place)
        case let type:
            guard let narrow = type.narrow else { return }
            guard let range = narrow.range else {
                // A zero added to −0 would take its sign away.
                let code = narrow.code(of: Double(zero == 0 ? value : value + zero), rounding)
                return output.storeBytes(of: code, toByteOffset: place, as: UInt8.self)
            }
            let integer = LinearRounding(range, zero: Int32(zero)).integer(value)
            output.storeBytes(of: narrow.code(of: Int64(integer)), toByteOffset: place, as: UInt8.self)
        }
    }

    @inline(__always)
    private func store<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ value: Float, _ zero: Float, _: Integer.Type, _ output: UnsafeMutableRawPointer, _ place: Int
    ) {
        let integer = LinearRounding(Integer.self, zero: Int32(zero)).integer(value)
        output.assumingMemoryBound(to: Integer.self)[place] = Integer(truncatingIfNeeded: integer)
    }
}
