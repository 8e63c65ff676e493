import RESTFrontend
import ServableCore
import Tensors
import Testing

@Suite("tensor reading")
struct TensorReadingTests {
    struct Accepted: Sendable, CustomTestStringConvertible {
        let body: String
        let shape: Shape
        let values: [Float]
        var testDescription: String { body }
    }

    @Test(
        "finds the shape while it reads",
        arguments: [
            Accepted(body: #"{"instances":[1,2,3]}"#, shape: [3], values: [1, 2, 3]),
            Accepted(body: #"{"instances":[[1,2],[3,4]]}"#, shape: [2, 2], values: [1, 2, 3, 4]),
            Accepted(body: #"{"instances":[[[1],[2]],[[3],[4]]]}"#, shape: [2, 2, 1], values: [1, 2, 3, 4]),
            Accepted(body: #"{"instances":[[],[]]}"#, shape: [2, 0], values: []),
            Accepted(body: #"{"instances":[[[],[]]]}"#, shape: [1, 2, 0], values: []),
            Accepted(body: #"{"inputs":2.5}"#, shape: [], values: [2.5]),
            Accepted(body: #"{"inputs":[]}"#, shape: [0], values: []),
            Accepted(body: #"{"inputs":[[],[]]}"#, shape: [2, 0], values: []),
            Accepted(body: #"{"inputs":[[[1,2,3]]]}"#, shape: [1, 1, 3], values: [1, 2, 3]),
            Accepted(body: #"{"inputs":{"x":[1]}}"#, shape: [1], values: [1]),
            Accepted(body: #"{"inputs":{"y":[{"z":1}],"x":[1],"x":"again"}}"#, shape: [1], values: [1]),
            Accepted(body: #"{"instances":[{"x":1},{"x":2}]}"#, shape: [2], values: [1, 2]),
            Accepted(body: #"{"instances":[{"x":[1,2]},{"x":[3,4],"x":[5]}]}"#, shape: [2, 2], values: [1, 2, 3, 4]),
            Accepted(body: "\n{ \"instances\" :\t[ [ 1 , 2 ] ,\r\n[ 3 , 4 ] ] }\n", shape: [2, 2], values: [1, 2, 3, 4]),
            Accepted(body: #"{"instances":[1]} trailing {"#, shape: [1], values: [1]),
            Accepted(body: #"{"instances":[1],"instances":[2,3]}"#, shape: [1], values: [1]),
            Accepted(body: #"{"instances":[1],"signature_name":""}"#, shape: [1], values: [1]),
            Accepted(body: #"{"a":{"inputs":[9]},"b":"instances","instances":[1],"c":[[[]]]}"#, shape: [1], values: [1]),
            Accepted(body: #"{"in\u0073tances":[1]}"#, shape: [1], values: [1]),
            Accepted(
                body: #"{"inputs":[NaN,-Infinity,-Inf,Inf,1e40]}"#, shape: [5],
                values: [.nan, -.infinity, -.infinity, .infinity, .infinity]),
        ])
    func accepted(_ wanted: Accepted) throws {
        let tensor = try Codec.tensor(wanted.body)
        #expect(tensor.shape == wanted.shape)
        let values: [Float] = tensor.values()
        #expect(values.count == wanted.values.count)
        for (value, expected) in zip(values, wanted.values) { #expect(value == expected || value.isNaN && expected.isNaN) }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let body: String
        let message: String
        var inputs: [(String, ElementType)] = [("x", .float32)]
        var code = StatusCode.invalidArgument
        var testDescription: String { body }
    }

    @Test(
        "says what is wrong in TensorFlow Serving's words",
        arguments: [
            Refused(body: "", message: "JSON Parse error: The document is empty"),
            Refused(body: " \n", message: "JSON Parse error: The document is empty"),
            Refused(body: "{", message: "JSON Parse error: Missing a name for object member. at offset: 1"),
            Refused(body: "{\"a\"", message: "JSON Parse error: Missing a colon after a name of object member. at offset: 4"),
            Refused(body: "{\"a\":1", message: "JSON Parse error: Missing a comma or } after an object member. at offset: 6"),
            Refused(
                body: "{\"a\":[1 2]}", message: "JSON Parse error: Missing a comma or ] after an array element. at offset: 8"),
            Refused(body: "{\"a\":[1,]}", message: "JSON Parse error: Invalid value. at offset: 8"),
            Refused(body: "{\"a\":tru}", message: "JSON Parse error: Invalid value. at offset: 5"),
            Refused(body: "{'a':1}", message: "JSON Parse error: Missing a name for object member. at offset: 1"),
            Refused(body: "{\"a", message: "JSON Parse error: Missing a closing quotation mark in string. at offset: 3"),
            Refused(body: #"{"\x":1}"#, message: "JSON Parse error: Invalid escape character in string. at offset: 2"),
            Refused(
                body: #"{"\u12g4":1}"#, message: "JSON Parse error: Incorrect hex digit after \\u escape in string. at offset: 2"),
            Refused(body: #"{"\ud800":1}"#, message: "JSON Parse error: The surrogate pair in string is invalid. at offset: 2"),
            Refused(body: "{\"inputs\":[1.]}", message: "JSON Parse error: Miss fraction part in number. at offset: 13"),
            Refused(body: "{\"inputs\":[1e]}", message: "JSON Parse error: Miss exponent in number. at offset: 13"),
            Refused(
                body: "{\"inputs\":[1e400]}", message: "JSON Parse error: Number too big to be stored in double. at offset: 11"),
            Refused(body: "[1, 2]", message: "JSON Value: [\n    1,\n    2\n] Is not object"),
            Refused(body: "{}", message: "Missing 'inputs' or 'instances' key"),
            Refused(body: #"{"instances":5}"#, message: "Expecting 'instances' to be an list/array"),
            Refused(body: #"{"instances":[]}"#, message: "No values in 'instances' array"),
            Refused(
                body: #"{"instances":[1,{"x":2}]}"#, message: "Expecting value/list but got object at item 1 of input list"),
            Refused(body: #"{"instances":[{"x":2},3]}"#, message: "Expecting object but got list at item 1 of input list"),
            Refused(
                body: #"{"instances":[{"x":2},{}]}"#,
                message: "Failed to process element: 1 of 'instances' list. JSON object: {} keys must be equal to: x"),
            Refused(
                body: #"{"instances":[{"x":1,"y":2}]}"#,
                message: "Failed to process element: 0 key: y of 'instances' list. "
                    + "Error: INVALID_ARGUMENT: JSON object: does not have named input: y"),
            Refused(
                body: #"{"instances":[1,[2]]}"#,
                message:
                    "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [] but got: [1]"),
            Refused(
                body: #"{"instances":[[1,2],[3]]}"#,
                message: "Failed to process element: 1 of 'instances' list. "
                    + "Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 1"),
            Refused(
                body: #"{"instances":[[1,2],[3,4],[[5,6]]]}"#,
                message: "Failed to process element: 2 of 'instances' list. "
                    + "Error: INVALID_ARGUMENT: Expecting shape [2] but got: [1,2]"),
            Refused(
                body: #"{"instances":[{"x":[1,"a"]}]}"#,
                message: "Failed to process element: 0 key: x of 'instances' list. "
                    + "Error: INVALID_ARGUMENT: JSON Value: \"a\" Type: String is not of expected type: float"),
            Refused(body: #"{"inputs":[1,"a"]}"#, message: #"JSON Value: "a" Type: String is not of expected type: float"#),
            Refused(body: #"{"inputs":[1,true]}"#, message: "JSON Value: true Type: True is not of expected type: float"),
            Refused(
                body: #"{"inputs":[{"a":[1]}]}"#,
                message: "JSON Value: {\n    \"a\": [\n        1\n    ]\n} Type: Object is not of expected type: float"),
            Refused(
                body: #"{"inputs":[[1,2],[3]]}"#, message: "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
            Refused(
                body: #"{"inputs":[[1,2],[3,4,5]]}"#,
                message: "Encountered list at unexpected size: 3 at level: 1 expected size: 2"),
            Refused(
                body: #"{"inputs":[[1,2],3]}"#,
                message: "JSON Value: 3 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
            Refused(body: #"{"inputs":[1,[2]]}"#, message: "Encountered list at unexpected level: 1 expected < 1"),
            Refused(
                body: #"{"inputs":[[],[1]]}"#, message: "Encountered list at unexpected size: 1 at level: 1 expected size: 0"),
            Refused(
                body: #"{"inputs":[1]}"#,
                message:
                    "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map",
                inputs: [("a", .float32), ("b", .float32)]),
            Refused(
                body: #"{"instances":[1]}"#,
                message:
                    "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map",
                inputs: [("a", .float32), ("b", .float32)]),
            Refused(
                body: #"{"inputs":{"a":1}}"#, message: "Missing named input: b in 'inputs' object.",
                inputs: [("a", .float32), ("b", .float32)]),
            Refused(
                body: #"{"inputs":1}"#, message: "Failed to get input map for signature: DEFAULT", inputs: []),
            Refused(
                body: #"{"inputs":[{"b64":"a"}]}"#, message: "Unable to base64 decode", inputs: [("x", .string)]),
            Refused(
                body: #"{"inputs":[{"b65":"aa"}]}"#,
                message: "JSON Value: {\n    \"b65\": \"aa\"\n} not formatted correctly for base64 data", inputs: [("x", .string)]
            ),
        ])
    func refused(_ wanted: Refused) throws {
        let refusal = try #require(Codec.refusal(wanted.body, wanted.inputs))
        #expect(refusal.message == wanted.message)
        #expect(refusal.code == wanted.code)
    }

    struct Conversion: Sendable, CustomTestStringConvertible {
        let type: ElementType
        let accepted: [(String, Int64)]
        let refused: [String]
        var testDescription: String { type.name }
    }

    @Test(
        "holds integers to the range that the contract gives",
        arguments: [
            Conversion(
                type: .int32, accepted: [("-2147483648", -2_147_483_648), ("2147483647", 2_147_483_647), ("-0", 0)],
                refused: ["2147483648", "-2147483649", "1.0", "1e2", "NaN", "true", "null", "\"1\"", "99999999999999999999999"]),
            Conversion(
                type: .int64, accepted: [("9223372036854775807", .max), ("-9223372036854775808", .min)],
                refused: ["9223372036854775808", "-9223372036854775809", "1.5", "18446744073709551615", "18446744073709551616"]),
            Conversion(
                type: .uint32, accepted: [("4294967295", 4_294_967_295), ("0", 0)], refused: ["-1", "4294967296", "1e1"]),
            Conversion(
                type: .uint64, accepted: [("18446744073709551615", -1), ("0", 0)],
                refused: ["-1", "18446744073709551616", "28446744073709551615", "100000000000000000000"]),
            // Only int32's range is checked for narrow types.
            Conversion(type: .int8, accepted: [("-128", -128), ("127", 127), ("300", 44)], refused: ["2147483648", "1.0"]),
            Conversion(type: .uint8, accepted: [("255", 255), ("256", 0)], refused: ["2147483648", "1.0"]),
            Conversion(type: .int16, accepted: [("-32768", -32768)], refused: ["2147483648"]),
            Conversion(type: .uint16, accepted: [("65535", 65535)], refused: ["65536", "-1"]),
            Conversion(type: .bool, accepted: [("true", 1), ("false", 0)], refused: ["1", "0", "\"true\"", "null"]),
        ])
    func integers(_ conversion: Conversion) throws {
        for (text, value) in conversion.accepted {
            let tensor = try Codec.tensor("{\"inputs\":[\(text)]}", conversion.type)
            let integers = tensor.integers ?? [Int(Int64(bitPattern: tensor.values(UInt64.self)[0]))]
            #expect(integers == [Int(value)], "\(text)")
        }
        for text in conversion.refused {
            let refusal = Codec.refusal("{\"inputs\":[\(text)]}", [("x", conversion.type)])
            #expect(refusal?.code == .invalidArgument, "\(text)")
        }
    }

    @Test("reads strings and base64 into bytes")
    func strings() throws {
        let body = #"{"inputs":["a\"\\\/\b\f\n\r\t","h\u00e9\ud83d\ude00","",{"b64":"aGVsbG8="},{ "b64" : "aGVs bG8" }]}"#
        guard case .strings(let tensor) = try Codec.read(body, [("x", .string)]).inputs[0] else {
            Issue.record("no string tensor")
            return
        }
        #expect(tensor.shape == [5])
        let texts = tensor.elements.map { String(decoding: $0, as: UTF8.self) }
        #expect(texts == ["a\"\\/\u{8}\u{c}\n\r\t", "hé😀", "", "hello", "hello"])
    }

    @Test("refuses element types without JSON form in TensorFlow Serving's dialect only")
    func dialects() throws {
        #expect(try Codec.tensor(#"{"inputs":[1.5]}"#, .bfloat16).withBytes { $0.load(as: UInt16.self) } == 0x3FC0)
        #expect(throws: ServableError(.unimplemented, "Conversion of JSON Value: 1.5 to type: bfloat16")) {
            try Codec.read(#"{"inputs":[1.5]}"#, [("x", .bfloat16)], dialect: .tensorFlowServing)
        }
        #expect(throws: (any Error).self) {
            try Codec.text(
                [(name: "y", value: .dense(Tensor([UInt16(1)], shape: [1])))], format: .row, dialect: .tensorFlowServing)
        }
    }

    @Test("takes model, version, label and signature from the body where they belong there")
    func envelope() throws {
        let text = #"{"model":"m","label":"stable","signature_name":"s","inputs":1,"version":"ignored in the URL form"}"#
        #expect(try Codec.read(text).envelope == PredictEnvelope(signatureName: "s"))
        let body = #"{"model":"m","version":3,"inputs":1,"signature_name":"s"}"#
        let expected = PredictEnvelope(model: "m", selector: .version(3), signatureName: "s")
        #expect(try Codec.read(body, addressing: .body).envelope == expected)
        #expect(try Codec.read(#"{"inputs":1,"label":"a"}"#, addressing: .body).envelope.selector == .label("a"))
        for wrong in [
            #""version":"3""#, #""version":1.5"#, #""version":-1"#, #""label":1"#, #""model":1"#, #""label":"a","version":1"#,
        ] {
            #expect(Codec.refusal("{\(wrong),\"inputs\":1}", addressing: .body)?.code == .invalidArgument, "\(wrong)")
        }
    }

    @Test("reads the same whether the envelope comes before or after the tensors")
    func order() throws {
        let before = try Codec.read(#"{"signature_name":"s","instances":[1,2]}"#)
        let after = try Codec.read(#"{"instances":[1,2],"signature_name":"s"}"#)
        #expect(before.envelope == after.envelope)
        #expect(VectorTensors.areEqual(before.inputs[0], after.inputs[0]))
    }

    @Test("tells a missing model only after the text was found sound")
    func orderOfFaults() {
        func code(_ body: String) -> StatusCode? {
            do {
                let bytes = Array(body.utf8)
                _ = try bytes.withUnsafeBytes { bytes in
                    try PredictBodyReader().read(bytes, addressing: .url) { envelope throws(ServableError) in
                        throw ServableError(.notFound, "no such model")
                    }
                }
                return nil
            } catch {
                return (error as? ServableError)?.code
            }
        }
        #expect(code("{\"instances\":[1]}") == .notFound)
        #expect(code("{\"instances\":[1,]}") == .invalidArgument)
        #expect(code("{\"instances\":[1],\"signature_name\":1}") == .invalidArgument)
        #expect(code("{\"instances\":\"wrong\"}") == .notFound)
    }
}
