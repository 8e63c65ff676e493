import GraphIR
import Tensors

/// For each number a vector that is 1 at the number's place in the list of categories and 0 elsewhere.
///
/// - Shapes: data [A…] → float32 [A…, categories]. A number outside the list gives zeros, or is refused when
///   `allowsUnknown` is false. Floats are cut towards zero first.
/// - Source: ONNX operator ai.onnx.ml OneHotEncoder; `TextOneHotEncoder` is for strings.
struct OneHotEncoder: Operator {
    let categories: [Int]
    let allowsUnknown: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        guard let categories = try reader.integers("cats_int64s"), !categories.isEmpty else {
            throw .invalidAttribute(name: "cats_int64s", reason: "is missing, so there are no categories")
        }
        self.categories = categories
        allowsUnknown = try reader.flag("zeros", default: true)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.required(0, of: ClassicalInput.types)
        return [ValueFact(.float32, data.shape.map { SymbolicShape($0.dimensions + [.known(categories.count)]) })]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0)
        var places: [Int: Int] = [:]
        for (place, category) in categories.enumerated() where places[category] == nil { places[category] = place }
        return CompiledOperator(
            OneHotEncoderKernel(
                type: data.elementType, count: data.shape.elementCount, places: places, width: categories.count,
                allowsUnknown: allowsUnknown))
    }
}

private struct OneHotEncoderKernel: Kernel {
    let type: ElementType
    let count: Int
    let places: [Int: Int]
    let width: Int
    let allowsUnknown: Bool

    func run(_ context: KernelContext) throws(OperatorError) {
        try type.dispatchClassical(Encoding(kernel: self, context: context))
    }

    private struct Encoding: ClassicalVisitor {
        let kernel: OneHotEncoderKernel
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            let data = context.input(0, as: Element.self), target = context.output(0, as: Float.self)
            for index in 0..<kernel.count * kernel.width { target[index] = 0 }
            for index in 0..<kernel.count {
                if let number = data[index].asInteger, let place = kernel.places[number] {
                    target[index * kernel.width + place] = 1
                } else if !kernel.allowsUnknown {
                    throw .invalidValue("\(data[index]) (element \(index)) is none of the \(kernel.width) categories")
                }
            }
        }
    }
}

/// For each string a vector that is 1 at the string's place in the list of categories and 0 elsewhere.
///
/// - Shapes: string [A…] → float32 [A…, categories]; as `OneHotEncoder` otherwise.
/// - Source: ONNX operator ai.onnx.ml OneHotEncoder.
struct TextOneHotEncoder: DynamicOperator {
    let categories: [String]
    let allowsUnknown: Bool
    private let places: [[UInt8]: Int]

    init(_ reader: AttributeReader, categories: [String]) throws(OperatorError) {
        if let numbers = try reader.integers("cats_int64s"), !numbers.isEmpty {
            throw .invalidAttribute(name: "cats_int64s and cats_strings", reason: "must be given one or the other")
        }
        self.categories = categories
        allowsUnknown = try reader.flag("zeros", default: true)
        places = Dictionary(categories.enumerated().map { (Array($1.utf8), $0) }) { first, _ in first }
    }

    /// The encoder for the kind of categories that a node has.
    static func make(_ reader: AttributeReader) throws(OperatorError) -> any Operator {
        let categories = try reader.strings("cats_strings") ?? []
        return categories.isEmpty ? try OneHotEncoder(reader) : try TextOneHotEncoder(reader, categories: categories)
    }

    var name: String { "OneHotEncoder" }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let shape = try inputs.text(0).shape
        if let shape, shape.rank >= Shape.maximumRank {
            throw .invalidInput(index: 0, reason: "has rank \(shape.rank), one more is over \(Shape.maximumRank)")
        }
        return [ValueFact(.float32, shape.map { SymbolicShape($0.dimensions + [.known(categories.count)]) })]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0), width = categories.count
        let shape = try Shape(checked: texts.shape.extents + [width], what: "the table of categories")
        let result = try context.zeros(TensorSpec(.float32, shape))
        let table = result.storage.baseAddress.assumingMemoryBound(to: Float.self)
        for (index, text) in texts.elements.enumerated() {
            if let place = places[text] {
                table[index * width + place] = 1
            } else if !allowsUnknown {
                throw OperatorError.invalidValue(
                    "\"\(OperatorError.shown(text))\" (element \(index)) is none of the \(width) categories")
            }
        }
        return [.tensor(result)]
    }
}
