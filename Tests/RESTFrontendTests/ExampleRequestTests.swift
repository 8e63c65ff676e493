import RESTFrontend
import ServableCore
import Testing

/// Bodies of `:classify` and `:regress`.
@Suite("Examples")
struct ExampleRequestTests {
    private func read(_ body: String) throws(ServableError) -> ExampleRequest {
        var body = body
        let result: Result<ExampleRequest, ServableError> = body.withUTF8 { bytes in
            do throws(ServableError) { return .success(try ExampleRequest(UnsafeRawBufferPointer(bytes))) } catch { return .failure(error) }
        }
        return try result.get()
    }

    @Test("become messages of tf.Example, a feature for each member")
    func messages() throws {
        let request = try read(#"{"examples": [{"a": [1, true], "b": 6.0, "c": ["x", {"b64": "aGk="}], "d": []}]}"#)
        #expect(request.signatureName == nil)
        #expect(
            request.examples
                == [
                    [
                        10, 43,
                        10, 11, 10, 1, 97, 18, 6, 26, 4, 10, 2, 1, 1,
                        10, 13, 10, 1, 98, 18, 8, 18, 6, 10, 4, 0, 0, 0xC0, 0x40,
                        10, 14, 10, 1, 99, 18, 9, 10, 7, 10, 1, 120, 10, 2, 104, 105,
                        10, 5, 10, 1, 100, 18, 0,
                    ] as [UInt8]
                ].map { message in
                    // The outer length follows from the rest.
                    var message = message
                    message[1] = UInt8(message.count - 2)
                    return message
                })
    }

    @Test("get the context's features before their own")
    func context() throws {
        let request = try read(#"{"signature_name": "s", "context": {"q": 1}, "examples": [{}, {"a": 2}]}"#)
        let context: [UInt8] = [10, 12, 10, 10, 10, 1, 113, 18, 5, 26, 3, 10, 1, 1]
        #expect(request.signatureName == "s")
        #expect(request.examples == [context + [10, 0], context + [10, 12, 10, 10, 10, 1, 97, 18, 5, 26, 3, 10, 1, 2]])
    }

    @Test(
        "tell numbers with a point or an exponent, and those that are not finite, from integers",
        arguments: [
            ("1.0", 18), ("1e2", 18), ("NaN", 18), ("-Infinity", 18), ("1", 26), ("-9223372036854775808", 26), ("true", 26),
        ] as [(String, UInt8)])
    func kinds(number: String, field: UInt8) throws {
        let message = try #require(try read(#"{"examples": [{"a": \#(number)}]}"#).examples.first)
        // Example, features, entry, name, then the feature.
        #expect(message[9] == field)
    }

    @Test(
        "that are not right are refused as TensorFlow Serving refuses them",
        arguments: [
            ("", "The document is empty"),
            ("[]", "Is not object"),
            ("{}", "key 'examples' is expected and was not found"),
            (#"{"examples": {}}"#, "Expecting 'examples' value to be an list/array"),
            (#"{"examples": []}"#, "'examples' value is an empty array"),
            (#"{"examples": [[1]]}"#, "Example must be JSON object but got JSON Array"),
            (#"{"context": [], "examples": [{}]}"#, "Example must be JSON object but got JSON Array"),
            (#"{"signature_name": 1, "examples": [{}]}"#, "'signature_name' key must be a string value"),
            (#"{"examples": [{"a": [1, 2.0]}]}"#, "Unexpected element type in feature: a expecting type: int64"),
            (#"{"examples": [{"a": [1.5, 2]}]}"#, "Unexpected element type in feature: a expecting type: float"),
            (#"{"examples": [{"a": ["x", 2]}]}"#, "Unexpected element type in feature: a expecting type: bytes"),
            (#"{"examples": [{"a": null}]}"#, "Feature: a has element with unexpected JSON type: Null"),
            (#"{"examples": [{"a": [[1]]}]}"#, "Feature: a has element with unexpected JSON type: Array"),
            (#"{"examples": [{"a": {"x": 1}}]}"#, "Feature: a has element with unexpected JSON type: Object"),
            (#"{"examples": [{"a": 9223372036854775808}]}"#, "Feature: a has uint64_t element. Only int64_t is supported."),
            (#"{"examples": [{"a": 1}"#, "JSON Parse error"),
        ])
    func refusals(body: String, text: String) throws {
        let error = try #require(throws: ServableError.self) { try read(body) }
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains(text), "\(error.message)")
    }
}
