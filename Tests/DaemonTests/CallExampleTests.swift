import Daemon
import GraphIR
import Tensors
import Testing

@Suite("Examples of calls")
struct CallExampleTests {
    private static func signature(
        _ inputs: [(name: String, type: ElementType, shape: [Dimension]?)], name: String = Signature.defaultName,
        method: String = Signature.predictMethod
    ) -> Signature {
        Signature(
            name: name, methodName: method,
            inputs: inputs.map {
                Signature.Parameter(name: $0.name, valueName: $0.name, type: TensorType($0.type, $0.shape.map(SymbolicShape.init)))
            }, outputs: [])
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let signature: Signature
        let path: String
        let line: String
    }

    static let cases: [Case] = [
        Case(
            testDescription: "text by row", signature: signature([("text", .string, [.unknown])]), path: "models/tickets/1",
            line: #"curl -d '{"instances":["text"]}' 'http://127.0.0.1:8501/v1/models/tickets:predict'"#),
        Case(
            testDescription: "two inputs of a named signature",
            signature: signature([("a", .float32, [.unknown, .known(2)]), ("b", .int64, [.unknown])], name: "s"), path: "/srv/m/12",
            line: #"curl -d '{"signature_name":"s","instances":[{"a":[1.0,1.0],"b":1}]}' 'http://127.0.0.1:8501/v1/models/m:predict'"#),
        Case(
            testDescription: "a scalar as it is", signature: signature([("x", .bool, [])]), path: "net.onnx",
            line: #"curl -d '{"inputs":true}' 'http://127.0.0.1:8501/v1/models/net:predict'"#),
        Case(
            testDescription: "examples", signature: signature([("inputs", .string, nil)], name: "c", method: "tensorflow/serving/classify"),
            path: "m/1",
            line: #"curl -d '{"signature_name":"c","examples":[{"FEATURE":1.0}]}' 'http://127.0.0.1:8501/v1/models/m:classify'"#),
        Case(
            testDescription: "a picture, made by a program",
            signature: signature([("x", .float32, [.unknown, .known(224), .known(224), .known(3)])]), path: "m/1",
            line: "python3 -c 'import json; print(json.dumps({\"instances\":[[[[1.0]*3]*224]*224]}))' | curl -d @- "
                + "'http://127.0.0.1:8501/v1/models/m:predict'"),
        Case(
            testDescription: "an extent beyond all sense", signature: signature([("x", .float32, [.known(0), .known(1 << 40)])]),
            path: "m/1",
            line: "python3 -c 'import json; print(json.dumps({\"inputs\":[[1.0]*1099511627776]*0}))' | curl -d @- "
                + "'http://127.0.0.1:8501/v1/models/m:predict'"),
        Case(
            testDescription: "names that mean something to a shell, to JSON and to a terminal",
            signature: signature([("\"\u{1B}[2J", .float32, [.unknown]), ("b", .float32, [.unknown])], name: "a'; rm -rf ~ #"), path: "m/1",
            line: #"curl -d '{"signature_name":"a'\''; rm -rf ~ #","instances":[{"\"\u001b[2J":1.0,"b":1.0}]}' "#
                + "'http://127.0.0.1:8501/v1/models/m:predict'"),
    ]

    @Test(
        "write values that are no tensors as a request has them",
        arguments: [
            (.sequence(.tensor(TensorSpec(.float32, [2]).type)), "[[1.0,1.0]]"),
            (.optional(.tensor(TensorSpec(.int64, .scalar).type)), "1"),
            (.map(key: .string, value: .tensor(TensorSpec(.float32, .scalar).type)), #"{"KEY":1.0}"#),
            (.sequence(.map(key: .int64, value: .tensor(TensorSpec(.string, .scalar).type))), #"[{"1":"text"}]"#),
        ] as [(ValueType, String)])
    func values(_ type: ValueType, _ text: String) {
        let signature = Signature(
            name: Signature.defaultName, inputs: [Signature.Parameter(name: "x", valueName: "x", type: type)], outputs: [])
        let line = CallExample(signature, path: "m/1").line
        #expect(line == "curl -d '{\"inputs\":{\"x\":\(text)}}' 'http://127.0.0.1:8501/v1/models/m:predict'")
    }

    @Test("can be given to a shell as they are", arguments: cases)
    func lines(_ entry: Case) { #expect(CallExample(entry.signature, path: entry.path).line == entry.line) }
}
