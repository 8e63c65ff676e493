import GraphIR
import Tensors

/// When a value counts as true.
enum Condition: Sendable {
    /// A single bool (ONNX).
    case bool
    /// A scalar that is not zero or not the empty string; any other tensor with elements (TensorFlow).
    case anyType

    /// Whether a value of which so much is known is true; nil while that is open.
    func holds(_ fact: ValueFact) -> Bool? {
        switch self {
        case .bool:
            guard let integers = fact.integers, integers.count == 1 else { return nil }
            return integers[0] != 0
        case .anyType:
            if let constant = fact.constant { return withExtendedLifetime(constant) { Self.holds(constant.view) } }
            if let strings = fact.strings { return Self.holds(strings) }
            guard let shape = fact.shape, shape.rank > 0 else { return nil }
            if shape.dimensions.contains(.known(0)) { return false }
            return shape.dimensions.allSatisfy { $0.value != nil } ? true : nil
        }
    }

    /// Whether input `index` is true.
    func holds(_ context: EvaluationContext, _ index: Int) throws(OperatorError) -> Bool {
        guard self == .anyType else { return try context.flag(index) }
        switch try context.value(index) {
        case .dense(let view): return Self.holds(view)
        case .object(.strings(let strings)): return Self.holds(strings)
        case .object(let value): throw .invalidInput(index: index, reason: "is \(value.kind), expected a tensor")
        }
    }

    static func holds(_ value: RuntimeValue) throws(OperatorError) -> Bool {
        switch value {
        case .tensor(let tensor): withExtendedLifetime(tensor) { holds(tensor.view) }
        case .strings(let strings): holds(strings)
        default: throw .invalidValue("its condition is \(value.kind), expected a tensor")
        }
    }

    private static func holds(_ strings: StringTensor) -> Bool {
        strings.shape.rank == 0 ? !(strings.elements.first?.isEmpty ?? true) : strings.shape.elementCount > 0
    }

    static func holds(_ view: TensorView) -> Bool {
        guard view.shape.rank == 0 else { return view.elementCount > 0 }
        switch view.elementType {
        case .float32: return view.values(Float.self)[0] != 0
        case .float64: return view.values(Double.self)[0] != 0
        // The sign of zero is no value.
        case .float16, .bfloat16: return view.bytes[0] != 0 || view.bytes[1] & 0x7F != 0
        case .complex64: return view.values(Complex<Float>.self)[0] != Complex(0)
        case .complex128: return view.values(Complex<Double>.self)[0] != Complex(0)
        default: return view.bytes.contains { $0 != 0 }
        }
    }
}

extension EvaluationContext {
    /// The single bool that input `index` holds.
    func flag(_ index: Int) throws(OperatorError) -> Bool {
        let view = try required(index)
        guard view.elementType == .bool, view.elementCount == 1 else {
            throw .invalidInput(index: index, reason: "is \(view.spec), expected a single bool")
        }
        return view.bytes[0] != 0
    }
}
