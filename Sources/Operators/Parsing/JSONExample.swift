import GraphIR
import Tensors

/// Records as serialised messages (`Example`) from their JSON form.
///
/// - Shapes: string [A…] → string [A…].
/// - Source: TensorFlow operator DecodeJSONExample (protobuf's JSON mapping).
enum JSONExample {
    static let spelling = OperatorSpelling.tensorFlow("DecodeJSONExample") { _ throws(OperatorError) in
        TextTransform("DecodeJSONExample") { text throws(OperatorError) in
            var parser = JSONExampleParser(text: text)
            do throws(JSONExampleParser.Fault) { return try parser.example() } catch {
                throw .invalidValue("Error while parsing JSON: \(error.reason) at byte \(error.position)")
            }
        }
    }
}
