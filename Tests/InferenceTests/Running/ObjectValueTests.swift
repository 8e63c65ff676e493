import GraphIR
import Tensors
import Testing

@testable import Inference

@Suite struct ObjectValueTests {
    private static func engine(_ source: SourceGraph, optimised: Bool = true) throws -> Engine {
        try Engine(source, catalog: Fakes.objectCatalog, passes: optimised ? [DeadNodes()] : [])
    }

    private static func source(inputs: [(String, ValueType)], outputs: [String], _ nodes: [SourceNode]) -> SourceGraph {
        var source = Fakes.graph(
            inputs: [], outputs: outputs, initializers: [("one", Tensor([1] as [Int64], shape: [1]))], nodes)
        source.inputs = inputs.map { SourceValue(name: $0.0, type: $0.1) }
        return source
    }

    private static let x = Tensor([7, -42, 100] as [Float], shape: [3])
    private static let words = StringTensor(shape: [2], elements: [Array("ab".utf8), Array("cde".utf8)])
    private static let vector = ValueType.tensor(Fakes.vector)

    private static func floats(_ value: RuntimeValue) throws -> [Float] {
        guard case .tensor(let tensor) = value else { throw OperatorError.invalidValue("is \(value.kind)") }
        return tensor.values()
    }

    @Test("strings pass from step to step, and through branches and loops that capture or carry them", arguments: [true, false])
    func strings(condition: Bool) throws {
        let passing = Fakes.subgraph(outputs: ["w"], [])
        let making = Fakes.subgraph(outputs: ["v"], [Fakes.node("Add", ["x", "x"], ["d"]), Fakes.node("Words", ["d"], ["v"])])
        let body = Fakes.subgraph(formals: ["i", "s"], outputs: ["s"], [])
        let source = Self.source(
            inputs: [("x", Self.vector), ("c", .tensor(Fakes.flag)), ("n", .tensor(Fakes.count))], outputs: ["l", "b"],
            [
                Fakes.node("Words", ["x"], ["w"]),
                Fakes.node("If", ["c"], ["b"], attributes: ["then": passing, "else": making]),
                Fakes.node("Loop", ["n", "b"], ["e"], attributes: ["body": body]), Fakes.node("Lengths", ["e"], ["l"]),
            ])
        let outputs = try Self.engine(source).run(values: [
            .tensor(Self.x), .tensor(Tensor(scalar: condition)), .tensor(Tensor([3] as [Int64], shape: [1])),
        ])
        guard case .tensor(let lengths) = outputs[0], case .strings(let words) = outputs[1] else {
            Issue.record("gave \(outputs.map(\.kind))")
            return
        }
        #expect(lengths.values(Int64.self) == (condition ? [1, 3, 3] : [2, 3, 3]))
        #expect(words.elements.map { String(decoding: $0, as: UTF8.self) } == (condition ? ["7", "-42", "100"] : ["14", "-84", "200"]))
    }

    @Test("a loop grows a sequence, and an element of it is dense again")
    func sequences() throws {
        let body = Fakes.subgraph(
            formals: ["i", "s", "v"], outputs: ["t", "u"],
            [Fakes.node("Append", ["s", "v"], ["t"]), Fakes.node("Add", ["v", "v"], ["u"])])
        let source = Self.source(
            inputs: [("x", Self.vector), ("n", .tensor(Fakes.count))], outputs: ["y", "t"],
            [
                Fakes.node("Sequence", ["x"], ["s"]), Fakes.node("Loop", ["n", "s", "x"], ["t", "v"], attributes: ["body": body]),
                Fakes.node("At", ["t", "n"], ["e"]), Fakes.node("Add", ["e", "e"], ["y"]),
            ])
        let engine = try Self.engine(source)
        for count in [1, 2, 4] {
            let outputs = try engine.run(values: [.tensor(Self.x), .tensor(Tensor([Int64(count)], shape: [1]))])
            let factor = Float(1 << count)
            #expect(try Self.floats(outputs[0]) == [7 * factor, -42 * factor, 100 * factor])
            guard case .sequence(let elements) = outputs[1] else {
                Issue.record("gave \(outputs[1].kind)")
                return
            }
            #expect(elements.count == count + 1)
        }
        let failure = #expect(throws: EngineError.self) {
            try engine.run(values: [.tensor(Self.x), .tensor(Tensor([-1] as [Int64], shape: [1]))])
        }
        #expect("\(failure!)".hasPrefix("node \"At_e\" (FakeObjectOperator): input 1 is out of range"), "\(failure!)")
    }

    @Test("optionals hold a value or none")
    func optionals() throws {
        let source = Self.source(
            inputs: [("x", Self.vector)], outputs: ["y"], [Fakes.node("Some", ["x"], ["o"]), Fakes.node("Get", ["o"], ["y"])])
        #expect(try Self.floats(Self.engine(source).run(values: [.tensor(Self.x)])[0]) == [7, -42, 100])
        let empty = Self.source(
            inputs: [("x", Self.vector)], outputs: ["y"], [Fakes.node("Some", [""], ["o"]), Fakes.node("Get", ["o"], ["y"])])
        let failure = #expect(throws: EngineError.self) { try Self.engine(empty).run(values: [.tensor(Self.x)]) }
        #expect("\(failure!)" == "node \"Get_y\" (FakeObjectOperator): the optional is empty")
    }

    /// A graph without dynamic steps once took dense inputs only, and ended the process over a string constant.
    @Test("what no node reads passes through whatever it is, beside static nodes and without any", arguments: [true, false])
    func passesThrough(optimised: Bool) throws {
        var source = Self.source(
            inputs: [("x", Self.vector), ("id", Fakes.strings), ("s", Fakes.sequence)], outputs: ["y", "id", "s", "label"],
            [Fakes.node("Add", ["x", "x"], ["y"])])
        source.initializers.append(("label", .strings(Self.words)))
        let engine = try Self.engine(source, optimised: optimised)
        let inputs: [RuntimeValue] = [.tensor(Self.x), .strings(Self.words), .sequence([.tensor(Self.x)])]
        let outputs = try engine.run(values: inputs)
        #expect(try Self.floats(outputs[0]) == [14, -84, 200])
        guard case .strings(let id) = outputs[1], case .sequence(let elements) = outputs[2], case .strings(let label) = outputs[3] else {
            Issue.record("gave \(outputs.map(\.kind))")
            return
        }
        #expect(id == Self.words && label == Self.words && elements.count == 1)
        #expect(try engine.plan(for: [Self.x.spec, TensorSpec(.string, [2]), Self.x.spec]) == nil)
        let bare = try Self.engine(Self.source(inputs: [("id", Fakes.strings)], outputs: ["id"], []), optimised: optimised)
        guard case .strings(Self.words)? = try bare.run(values: [.strings(Self.words)]).first else {
            Issue.record("a graph without nodes gave something else")
            return
        }
    }

    struct Refusal: CustomTestStringConvertible {
        var name: String
        var inputs: [RuntimeValue]
        var message: String
        var testDescription: String { name }
    }

    @Test(
        "inputs of another kind are refused and named",
        arguments: [
            Refusal(
                name: "a dense tensor for strings", inputs: [.tensor(x), .tensor(x)],
                message: "input \"id\" is float32, expected string"),
            Refusal(
                name: "strings for a dense tensor", inputs: [.strings(words), .strings(words)],
                message: "input \"x\" is string, expected float32"),
            Refusal(
                name: "a sequence for strings", inputs: [.tensor(x), .sequence([])],
                message: "input \"id\" is no dense tensor, expected string[?]"),
            Refusal(
                name: "strings of another rank",
                inputs: [.tensor(x), .strings(StringTensor(shape: [1, 1], elements: [[]]))],
                message: "input \"id\" has shape [1,1], expected string[?]"),
            Refusal(name: "too few", inputs: [.tensor(x)], message: "input \"test\" has 2 inputs, 1 were given"),
        ])
    func refuses(_ refusal: Refusal) throws {
        let source = Self.source(
            inputs: [("x", Self.vector), ("id", Fakes.strings)], outputs: ["y", "l"],
            [Fakes.node("Add", ["x", "x"], ["y"]), Fakes.node("Lengths", ["id"], ["l"])])
        let engine = try Self.engine(source)
        let failure = #expect(throws: EngineError.self) { try engine.run(values: refusal.inputs) }
        #expect("\(failure!)" == refusal.message)
        #expect(try engine.run(values: [.tensor(Self.x), .strings(Self.words)]).count == 2)
    }

    @Test("an operator for dense tensors is not lowered over strings")
    func lowering() {
        let source = Self.source(
            inputs: [("id", Fakes.strings)], outputs: ["y"], [Fakes.node("Add", ["id", "id"], ["y"])])
        let failure = #expect(throws: EngineError.self) { try Self.engine(source) }
        #expect("\(failure!)" == "node \"Add_y\" (Add): input 0 of type string[?] is not supported")
    }
}
