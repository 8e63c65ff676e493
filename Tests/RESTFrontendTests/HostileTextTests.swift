import Foundation
import RESTFrontend
import ServableCore
import Tensors
import Testing

@Suite("hostile tensor JSON")
struct HostileTextTests {
    static let inputs: [(String, ElementType)] = [("a", .float32), ("s", .string)]
    static let body =
        #"{"signature_name":"s\u0041","instances":[{"a":[[1.25,-3e-2],[NaN,12345678901234567890123]],"s":"x\"y"},"#
        + #"{"s":{"b64":"aGk="},"a":[[0,1],[2,Infinity]]}],"z":[{"q":null},true]}"#

    @Test(
        "answers every prefix of a body with a refusal", arguments: [body, #"{"inputs":[[1.5,2],[3,4]]}"#, #"{"inputs":12.5e1}"#])
    func prefixes(_ body: String) throws {
        let bytes = Array(body.utf8)
        let inputs = body == Self.body ? Self.inputs : [("a", .float32)]
        _ = try Codec.read(bytes, inputs)
        for count in 0..<bytes.count {
            #expect(throws: ServableError.self) { try Codec.read(Array(bytes[..<count]), inputs) }
        }
    }

    @Test("answers a prefix that ends in a brace of its own, as the last byte of the memory")
    func innerBraces() {
        for body in [
            #"{"instances":[{"a":[1],"s":"x"}"#, #"{"inputs":{"a":1,"s":{"b64":"aGk="}"#, #"{"inputs":{"zz":{}"#,
            #"{"inputs":{}"#,
        ] {
            #expect(Codec.refusal(body, Self.inputs)?.code == .invalidArgument, "\(body)")
        }
    }

    // A message that quoted such a value brought the process down.
    @Test(
        "answers brackets that close nothing behind a value that a message quotes",
        arguments: ["1:}", "1:]", "\"a\":}", "\"a\":]]", "null:}}}", "[1:}]", "{\"a\":1:}}", "true:  }"])
    func unopenedBrackets(_ value: String) {
        for body in ["{\"instances\":[\(value)],\"inputs\":[1]}", "{\"inputs\":\(value)}", "{\"instances\":[[\(value)]]}"] {
            for inputs in [[("x", ElementType.float32)], [("x", .string)], Self.inputs] {
                #expect(Codec.refusal(body, inputs)?.code == .invalidArgument, "\(body)")
            }
        }
    }

    @Test("answers every body with one byte changed, by tensors or a refusal")
    func flippedBytes() {
        let bytes = Array(Self.body.utf8)
        var accepted = 0
        for index in bytes.indices {
            for replacement in [
                bytes[index] ^ 1, bytes[index] ^ 0x20, 0, 0xFF, 0x22, 0x5C, 0x5B, 0x5D, 0x7B, 0x7D, 0x2C, 0x2D, 0x30,
            ] {
                var changed = bytes
                changed[index] = replacement
                do {
                    let result = try Codec.read(changed, Self.inputs)
                    #expect(result.inputs.count == 2)
                    accepted += 1
                } catch {
                    #expect(error.code == .invalidArgument, "\(String(decoding: changed, as: UTF8.self)): \(error)")
                }
            }
        }
        #expect(accepted > 0)
    }

    @Test(
        "answers half a million nested brackets wherever they stand",
        arguments: [
            ("{\"instances\":", "}"), ("{\"inputs\":", "}"), ("{\"instances\":[1,", "]}"), ("{\"signature_name\":", "}"),
            ("{\"inputs\":[1],\"unknown\":", "}"), ("", ""), ("{\"inputs\":{\"x\":", "}}"),
        ])
    func nesting(_ frame: (String, String)) {
        let count = 500_000
        let opening = String(repeating: "[", count: count), closing = String(repeating: "]", count: count)
        let refusal = Codec.refusal(frame.0 + opening + closing + frame.1)
        if frame.0.contains("unknown") {
            #expect(refusal == nil)
        } else {
            #expect(refusal?.code == .invalidArgument)
        }
        #expect(Codec.refusal(frame.0 + opening)?.message.hasPrefix("JSON Parse error") == true)
    }

    @Test("counts nested objects as well, and stops at the configured depth")
    func depth() {
        let objects = String(repeating: "{\"a\":[", count: 200_000) + String(repeating: "]}", count: 200_000)
        #expect(Codec.refusal("{\"inputs\":[1],\"unknown\":\(objects)}") == nil)
        let limits = TensorJSONLimits(maximumDepth: 10)
        #expect(Codec.refusal("{\"inputs\":[1],\"u\":[[[[[[[[[]]]]]]]]]}", limits: limits) == nil)
        for body in ["{\"inputs\":[1],\"u\":[[[[[[[[[[]]]]]]]]]]}", "{\"inputs\":{\"x\":1,\"u\":[[[[[[[[[]]]]]]]]]}}"] {
            #expect(Codec.refusal(body, limits: limits)?.message.contains("nested deeper") == true, "\(body)")
        }
    }

    @Test("keeps rank and elements within the limits")
    func limits() throws {
        let limits = TensorJSONLimits(maximumRank: 3, maximumElementCount: 5)
        #expect(Codec.refusal("{\"inputs\":[[[1]]]}", limits: limits) == nil)
        #expect(Codec.refusal("{\"inputs\":[[[[1]]]]}", limits: limits)?.message.contains("more than 3 axes") == true)
        #expect(Codec.refusal("{\"instances\":[[[[1]]]]}", limits: limits)?.message.contains("more than 3 axes") == true)
        #expect(Codec.refusal("{\"inputs\":[1,2,3,4,5]}", limits: limits) == nil)
        #expect(Codec.refusal("{\"inputs\":[1,2,3,4,5,6]}", limits: limits)?.message.contains("more than 5 elements") == true)
        #expect(Codec.refusal("{\"instances\":[1,2,3,4,5,6]}", limits: limits)?.message.contains("more than 5 elements") == true)
        let strings: [(String, ElementType)] = [("x", .string)]
        #expect(
            Codec.refusal(#"{"inputs":["","","","","",""]}"#, strings, limits: limits)?.message.contains("more than 5 elements")
                == true)
    }

    @Test("reads a very long string")
    func longString() throws {
        let text = String(repeating: "x", count: 5_000_000)
        guard case .strings(let tensor) = try Codec.read("{\"inputs\":[\"\(text)\"]}", [("x", .string)]).inputs[0] else {
            Issue.record("no string tensor")
            return
        }
        #expect(tensor.elements[0].count == text.utf8.count)
        #expect(Codec.refusal("{\"inputs\":[\"\(text)\"]}")?.message.utf8.count ?? .max < 400)
    }

    @Test("keeps names whole up to a kilobyte and cuts longer ones, which no answer repeats", arguments: ["x", "\\u00e9", "\\\"", "ä"])
    func longNames(_ unit: String) throws {
        func envelope(_ name: String) throws -> PredictEnvelope {
            let body = "{\"model\":\"\(name)\",\"label\":\"\(name)\",\"signature_name\":\"\(name)\",\"inputs\":[1]}"
            return try Codec.read(body, addressing: .body).envelope
        }
        func texts(_ envelope: PredictEnvelope) -> [String?] {
            guard case .label(let label) = envelope.selector else { return [] }
            return [envelope.model, label, envelope.signatureName]
        }
        let whole = String(repeating: unit, count: 1024 / unit.utf8.count)
        let plain = try JSONDecoder().decode(String.self, from: Data("\"\(whole)\"".utf8))
        #expect(texts(try envelope(whole)) == [plain, plain, plain])
        let long = String(repeating: unit, count: 1_000_000)
        for text in texts(try envelope(long)) {
            let text = try #require(text)
            #expect(text.hasSuffix("…(\(long.utf8.count) bytes)") && text.utf8.count < 1100)
        }
    }

    @Test("reads numbers at the very end of the memory in every length")
    func tails() throws {
        for length in 1...40 {
            let digits = String(repeating: "1", count: length)
            let value: [Float] = try Codec.tensor("{\"inputs\":\(digits)}").values()
            #expect(value == [Float(digits)])
            let fraction: [Float] = try Codec.tensor("{\"inputs\":0.\(digits)}").values()
            #expect(fraction == [Float("0.\(digits)")])
        }
    }
}
