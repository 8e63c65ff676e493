import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A window: weights that rise from the ends of a signal to its middle.
///
/// - Shapes: size (1) → [size].
/// - Numerics: a sum of cosines, computed in double precision. A periodic window is one of size + 1 without its last weight.
///   Integers are cut towards zero.
/// - Source: ONNX operators HannWindow, HammingWindow and BlackmanWindow.
struct SignalWindow: Operator {
    enum Form: String, Sendable {
        case hann = "HannWindow"
        case hamming = "HammingWindow"
        case blackman = "BlackmanWindow"

        /// Weights of cos(0), cos(x) and cos(2x).
        var weights: (Double, Double, Double) {
            switch self {
            case .hann: (0.5, -0.5, 0)
            case .hamming: (25.0 / 46, 25.0 / 46 - 1, 0)
            case .blackman: (0.42, -0.5, 0.08)
            }
        }
    }

    let form: Form
    let isPeriodic: Bool
    let resultType: ElementType
    var name: String { form.rawValue }
    var shapeOperands: Set<Int> { [0] }

    init(_ reader: AttributeReader, _ form: Form) throws(OperatorError) {
        self.form = form
        isPeriodic = try reader.flag("periodic", default: true)
        resultType = try reader.outputNumberType()
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        _ = try inputs.required(0)
        guard let size = try inputs.single(0) else { return [ValueFact(resultType, SymbolicShape([.unknown]))] }
        return [ValueFact(resultType, try Shape(checked: [size], what: "the window"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let weights = form.weights, size = context.outputs[0].shape.elementCount, type = resultType
        let period = isPeriodic ? size : size - 1
        return CompiledOperator(
            LoopKernel { context in
                for place in 0..<size {
                    // A window of one weight is its middle.
                    let angle = period > 0 ? 2 * Double.pi * Double(place) / Double(period) : Double.pi
                    let value = weights.0 + weights.1 * cos(angle) + weights.2 * cos(2 * angle)
                    type.store(value, context.output(0), place)
                }
            })
    }
}

extension ElementType {
    /// Writes a number as element `place`: rounded, of integers cut towards zero.
    func store(_ value: Double, _ address: UnsafeMutableRawPointer, _ place: Int) {
        guard self != .float64 else { return address.storeBytes(of: value, toByteOffset: 8 * place, as: Double.self) }
        let bits = bits(of: Float(value))
        switch byteCount {
        case 1: address.storeBytes(of: UInt8(truncatingIfNeeded: bits), toByteOffset: place, as: UInt8.self)
        case 2: address.storeBytes(of: UInt16(truncatingIfNeeded: bits), toByteOffset: 2 * place, as: UInt16.self)
        case 4: address.storeBytes(of: UInt32(truncatingIfNeeded: bits), toByteOffset: 4 * place, as: UInt32.self)
        default: address.storeBytes(of: bits, toByteOffset: 8 * place, as: UInt64.self)
        }
    }
}

extension AttributeReader {
    /// The type of numbers that the attribute `output_datatype` asks for; float32 without it.
    func outputNumberType() throws(OperatorError) -> ElementType {
        let number = try integer("output_datatype", default: 1)
        guard let type = ElementType(onnxNumber: number), ElementTypes.numbers.contains(type) else {
            throw .invalidAttribute(name: "output_datatype", reason: "is \(number), expected a type of numbers")
        }
        return type
    }
}
