import Foundation
import GraphIR
import RESTFrontend
import ServableCore
import Tensors
import Testing

/// The codec against the vectors of TensorFlow Serving's REST contract.
@Suite("contract vectors of the codec")
struct ContractVectorTests {
    @Test("reads predict requests", arguments: Vector.all(kind: "codec.predict_request"))
    func predictRequest(_ vector: Vector) throws {
        let fields = try vector.fields
        let types = try #require((fields["fixture"] as? [String: Any])?["signature_inputs"] as? [String: String])
        let inputs: [(String, ElementType)] = try types.map { ($0.key, try VectorTensors.elementType($0.value)) }
        do {
            let body = try Codec.read(try vector.body(), inputs, dialect: .tensorFlowServing)
            #expect(vector.status == 200)
            let response = try #require(fields["response"] as? [String: Any])
            #expect(body.format == (response["format"] as? String == "row" ? .row : .columnar))
            #expect((body.envelope.signatureName ?? "") == response["signature_name"] as? String ?? "")
            let tensors = try #require(response["tensors"] as? [String: [String: Any]])
            #expect(tensors.count == body.inputs.count)
            for (parameter, value) in zip(inputs, body.inputs) {
                let description = try #require(tensors[parameter.0])
                let expected = try VectorTensors.value(description)
                #expect(VectorTensors.areEqual(value, expected), "\(parameter.0): \(value) instead of \(expected)")
            }
        } catch let error as ServableError {
            #expect(vector.status == 400 && error.code == .invalidArgument, "\(error)")
            try vector.expectMessage(error.message)
        }
    }

    @Test("writes predict responses", arguments: Vector.all(kind: "codec.predict_response"))
    func predictResponse(_ vector: Vector) throws {
        let fields = try vector.fields
        let request = try #require(fields["request"] as? [String: Any])
        let tensors = try #require(request["tensors"] as? [String: [String: Any]])
        let outputs = try tensors.map { (name: $0.key, value: try VectorTensors.value($0.value)) }
        do {
            let format: TensorFormat = request["format"] as? String == "row" ? .row : .columnar
            let text = try Codec.text(outputs, format: format, dialect: .tensorFlowServing)
            #expect(vector.status == 200)
            if let tokens = fields["response_text"] as? String {
                #expect(fields["compare"] as? String == "json_tokens")
                #expect(withoutWhitespace(text) == withoutWhitespace(tokens))
            } else {
                let response = try #require(fields["response"])
                let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
                #expect(try canonical(parsed) == canonical(response))
            }
        } catch let error as ServableError {
            #expect(vector.status == 400 && error.code == .invalidArgument, "\(error)")
            try vector.expectMessage(error.message)
        }
    }

    /// No vector has whitespace inside a string whose spelling counts.
    private func withoutWhitespace(_ text: String) -> String { text.filter { !$0.isWhitespace } }

    private func canonical(_ json: Any) throws -> String {
        let data = try JSONSerialization.data(withJSONObject: json, options: [.sortedKeys, .fragmentsAllowed])
        return String(decoding: data, as: UTF8.self)
    }
}
