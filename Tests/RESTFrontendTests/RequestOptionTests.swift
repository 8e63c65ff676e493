import ModelServing
import RESTFrontend
import Synchronization
import Tensors
import Testing

/// What a request asks for besides its tensors: outputs, forms, time, priority.
@Suite("Options of requests")
struct RequestOptionTests {
    private static let path = "/v1/models/half_plus_two:predict"
    private static let instances = #""instances": [[1, 2, 5]]"#

    @Test(
        "outputs_filter is read wherever it stands in the body, of both routes",
        arguments: [
            "{\"outputs_filter\": [\"y\"], \(instances)}", "{\(instances), \"outputs_filter\": [\"y\"]}",
            "{\"outputs_filter\":[ \"\\u0079\" ] , \(instances)}", "{\"outputs_filter\": [], \(instances)}",
        ], [path, "/predict"])
    func filters(_ body: String, _ path: String) async throws {
        let server = try LiveServer()
        let answer = try await server.request("POST", path, body: body)
        #expect(answer.status == 200 && answer.text.contains("\"predictions\":[[2.5,3.0,4.5]]"), "\(answer.text)")
        await server.stop()
    }

    @Test(
        "refuses an outputs_filter that is no list of names, and names that are not the signature's",
        arguments: [
            ("\"y\"", "'outputs_filter' must be a list"), ("[1]", "'outputs_filter' must be a list"), ("[\"y\", null]", "must be a list"),
            ("{\"y\": 1}", "must be a list"), ("[\"q\"]", "output tensor alias not found in signature"),
            ("[" + Array(repeating: "\"y\"", count: 1025).joined(separator: ",") + "]", "a list of at most 1024 names"),
        ])
    func wrongFilters(_ filter: String, _ says: String) async throws {
        let server = try LiveServer()
        let answer = try await server.request("POST", Self.path, body: "{\"outputs_filter\": \(filter), \(Self.instances)}")
        #expect(answer.status == 400)
        #expect(try answer.error?.contains(says) == true, "\(answer.text)")
        await server.stop()
    }

    @Test("an unclosed filter is a syntax error like others", arguments: ["[\"y\"", "[\"y\",", "[", "[\"y"])
    func openFilters(_ filter: String) async throws {
        let server = try LiveServer()
        #expect(try await server.request("POST", Self.path, body: "{\"outputs_filter\": \(filter)}").status == 400)
        await server.stop()
    }

    @Test(
        "what is not finite is written as the client asks, and else as configured",
        arguments: [
            (NonfiniteForm.bare, nil, "-Infinity"), (.bare, "null", "null"), (.bare, "string", "\"-Infinity\""), (.null, nil, "null"),
            (.string, nil, "\"-Infinity\""), (.string, "bare", "-Infinity"),
        ] as [(NonfiniteForm, String?, String)])
    func nonfinite(_ configured: NonfiniteForm, _ header: String?, _ text: String) async throws {
        let server = try LiveServer(configuration: RESTConfiguration(nonfinite: configured))
        server.backend.answersInfinity.withLock { $0 = true }
        let answer = try await server.request(
            "POST", Self.path, body: "{\(Self.instances)}", headers: header.map { ["Apus-Nonfinite": $0] } ?? [:])
        #expect(answer.text == "{\"predictions\":[[\(text),\(text),\(text)]]}\n")
        await server.stop()
    }

    @Test("high priority is the default; a client's own time is known as its own")
    func urgency() async throws {
        let server = try LiveServer()
        let cases: [(headers: [String: String], priority: CallPriority, isTimeoutOfClient: Bool)] = [
            ([:], .high, false), (["X-Request-Priority": "low"], .low, false), (["x-request-priority": "high"], .high, false),
            (["X-Request-Timeout-Ms": "20"], .high, true), (["X-Request-Timeout-Ms": "20000000"], .high, false),
        ]
        for (headers, priority, isTimeoutOfClient) in cases {
            #expect(try await server.request("POST", Self.path, body: "{\(Self.instances)}", headers: headers).status == 200)
            let last = try #require(server.backend.lastUrgency.withLock { $0 })
            #expect(last.priority == priority && last.isTimeoutOfClient == isTimeoutOfClient, "\(headers)")
        }
        await server.stop()
    }

    @Test(
        "refuses values that a header does not take",
        arguments: [
            ("Apus-Nonfinite", "zero", "expected bare, null or string"), ("X-Request-Priority", "urgent", "expected high or low"),
            ("X-Request-Timeout-Ms", "soon", "expected a whole number of milliseconds above 0"),
            ("X-Request-Timeout-Ms", "0", "expected a whole number of milliseconds above 0"),
            ("Apus-Image-Mean", "1,,2", "expected one number"), ("Apus-Image-Scale", "nan", "expected one number"),
        ])
    func refusals(_ name: String, _ value: String, _ says: String) async throws {
        let server = try LiveServer()
        let answer = try await server.request("POST", Self.path, body: "{\(Self.instances)}", headers: [name: value])
        #expect(answer.status == 400)
        #expect(try answer.error == "the header \(name) is \"\(value)\"; " + says || answer.error?.contains(says) == true, "\(answer.text)")
        await server.stop()
    }

    @Test("every float type writes what is not finite in each form")
    func everyType() throws {
        let tensors: [Tensor] = [
            Tensor([1, .nan, .infinity, -.infinity] as [Float], shape: [4]),
            Tensor([1, .nan, .infinity, -.infinity] as [Double], shape: [4]),
        ]
        let halves = Tensor([0x3C00, 0x7E00, 0x7C00, 0xFC00] as [UInt16], shape: [4])
        let brains = Tensor([0x3F80, 0x7FC0, 0x7F80, 0xFF80] as [UInt16], shape: [4])
        let narrow = Tensor([0x3C, 0x7E, 0x7C, 0xFC] as [UInt8], shape: [4])
        let all =
            tensors
            + [(halves, ElementType.float16), (brains, .bfloat16), (narrow, .float8e5m2)].map {
                Tensor(TensorSpec($1, [4]), storage: $0.storage)!
            }
        let texts: [NonfiniteForm: String] = [
            .bare: "[1.0,NaN,Infinity,-Infinity]", .null: "[1.0,null,null,null]", .string: "[1.0,\"NaN\",\"Infinity\",\"-Infinity\"]",
        ]
        for tensor in all {
            for (form, text) in texts {
                #expect(try Codec.text([("y", .dense(tensor))], format: .columnar, nonfinite: form) == "{\"outputs\":\(text)}")
            }
        }
        #expect(
            try Codec.text([("y", .dense(Tensor([1, 2] as [Int32], shape: [2])))], format: .row, nonfinite: .null)
                == "{\"predictions\":[1,2]}")
    }
}
