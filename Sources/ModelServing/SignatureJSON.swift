import GraphIR
import Tensors

/// Signatures as JSON for the registry: `[{"name", "inputs": [{"name", "type", "shape"}], "outputs": […], "batching"}]`.
enum SignatureJSON {
    static func text(_ runners: [SignatureRunner]) -> String {
        "[" + runners.map { object($0.signature, $0.sharing) }.joined(separator: ",") + "]"
    }

    private static func object(_ signature: Signature, _ sharing: BatchSharing) -> String {
        let lists = "\"inputs\":\(list(signature.inputs)),\"outputs\":\(list(signature.outputs))"
        return "{\"name\":\(quoted(signature.name)),\(lists),\"batching\":\(quoted(sharing.description))}"
    }

    private static func list(_ parameters: [Signature.Parameter]) -> String {
        let items = parameters.map { parameter in
            let shape = parameter.tensor?.shape.map { shape in
                "[" + shape.dimensions.map { $0.value.map(String.init) ?? quoted($0.description) }.joined(separator: ",") + "]"
            }
            let type = parameter.tensor.map { "\($0.elementType)" } ?? parameter.type.description
            return "{\"name\":\(quoted(parameter.name)),\"type\":\(quoted(type)),\"shape\":\(shape ?? "null")}"
        }
        return "[" + items.joined(separator: ",") + "]"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
