package import GraphIR
import Tensors

/// A command line that calls a signature with made-up values, for a reader to put their own in.
package struct CallExample {
    let signature: Signature
    /// The name under which the model would be served.
    let model: String

    /// Elements of one input that a line still shows.
    private static let maximumElementCount = 64
    /// Stands for extents that the signature leaves open.
    private static let openExtent = 1

    /// - Parameter path: of the model: `/srv/models/NAME/1` or `NAME.onnx`.
    package init(_ signature: Signature, path: String) {
        self.signature = signature
        let components = path.split(separator: "/").map(String.init).filter { $0 != "." }
        let last = components.last ?? "NAME"
        let isVersion = Int(last) != nil && components.count > 1
        model = isVersion ? components[components.count - 2] : last.split(separator: ".").first.map(String.init) ?? last
    }

    package var line: String {
        let verb = takesExamples ? signature.methodName.split(separator: "/").last.map(String.init) ?? "predict" : "predict"
        let url = Self.shellWord("http://127.0.0.1:8501/v1/models/\(model):\(verb)")
        let name = signature.name == Signature.defaultName ? "" : "\"signature_name\":\(Self.json(signature.name)),"
        if takesExamples { return "curl -d \(Self.shellWord("{\(name)\"examples\":[{\"FEATURE\":1.0}]}")) \(url)" }
        let body = "{\(name)\(member)}"
        guard isShort else {
            // Too long to be shown: the body is made by a program.
            return "python3 -c \(Self.shellWord("import json; print(json.dumps(\(body)))")) | curl -d @- \(url)"
        }
        return "curl -d \(Self.shellWord(body)) \(url)"
    }

    /// Names come from the model's file: nothing in them may mean anything to a shell.
    private static func shellWord(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// A string literal of JSON, which is one of Python as well. Characters that move a terminal's cursor are escaped.
    private static func json(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": literal += "\\\(scalar)"
            case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                literal += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }

    private var takesExamples: Bool {
        [Signature.classifyMethod, Signature.regressMethod].contains(signature.methodName)
            && signature.inputs.map(\.name) == ["inputs"] && signature.inputs[0].tensor?.elementType == .string
    }

    private var isShort: Bool {
        signature.inputs.allSatisfy { input in
            guard let type = input.type.innermostTensor else { return true }
            // An extent of 0 hides how long the others are.
            guard let shape = Shape(checking: extents(type).map { max($0, 1) }) else { return false }
            return shape.elementCount <= Self.maximumElementCount
        }
    }

    /// Rows where every input is a tensor that begins with an open extent, else values as they are.
    private var isByRow: Bool {
        signature.inputs.allSatisfy { input in
            input.tensor.map { $0.shape.map { $0.rank > 0 && $0[0].value == nil } ?? true } ?? false
        }
    }

    private var member: String {
        let inputs = signature.inputs.map { input in
            (name: input.name, text: text(input.type, skippingAxes: isByRow ? 1 : 0))
        }
        // A map without its input's name would be taken for the inputs by name.
        let isPlain = inputs.count == 1 && signature.inputs[0].tensor != nil
        let value =
            isPlain ? inputs[0].text : "{" + inputs.map { "\(Self.json($0.name)):\($0.text)" }.joined(separator: ",") + "}"
        return isByRow ? "\"instances\":[\(value)]" : "\"inputs\":\(value)"
    }

    private func extents(_ type: TensorType) -> [Int] {
        type.shape.map { $0.dimensions.map { $0.value ?? Self.openExtent } } ?? [1]
    }

    private func text(_ type: ValueType, skippingAxes axisCount: Int = 0) -> String {
        switch type {
        case .tensor(let type): text(extents(type)[axisCount...], type.elementType)
        case .sequence(let element): "[\(text(element))]"
        case .map(let key, let value): "{\(key == .string ? "\"KEY\"" : "\"1\""):\(text(value))}"
        case .optional(let content): text(content)
        case .list, .resource: "null"
        }
    }

    private func text(_ extents: ArraySlice<Int>, _ type: ElementType) -> String {
        guard let first = extents.first else { return element(type) }
        let inner = text(extents.dropFirst(), type)
        guard isShort else { return "[\(inner)]*\(first)" }
        return "[" + Array(repeating: inner, count: first).joined(separator: ",") + "]"
    }

    private func element(_ type: ElementType) -> String {
        switch type {
        case .string: "\"text\""
        case .bool: isShort ? "true" : "True"
        case _ where type.isInteger: "1"
        default: "1.0"
        }
    }
}

extension ValueType {
    /// The tensors that a sequence, a map or an optional is made of.
    fileprivate var innermostTensor: TensorType? {
        switch self {
        case .tensor(let type), .list(let type): type
        case .sequence(let content), .optional(let content), .map(_, let content): content.innermostTensor
        case .resource: nil
        }
    }
}
