import GraphIR
import Tensors
import Testing

@testable import Inference

@Suite struct EffectsTests {
    private static let x = Tensor([1, -2, 3] as [Float], shape: [3])
    private static let k = Tensor([5] as [Float], shape: [1])

    private static func write(_ input: String, _ output: String, line: String) -> SourceNode {
        Fakes.node("Write", [input], [output], attributes: ["line": .string(line)])
    }

    private static func engine(_ source: SourceGraph, _ record: Record, optimised: Bool) throws -> Engine {
        try Engine(source, catalog: record.catalog, passes: optimised ? [DeadNodes()] : [])
    }

    /// A graph whose writes hang on data that is ready earlier and later than their order in the graph.
    private static func ordered(_ condition: Bool) -> SourceGraph {
        let branch = Fakes.subgraph(outputs: ["z"], [write("x", "z", line: condition ? "branch" : "other branch")])
        let body = Fakes.subgraph(formals: ["i", "v"], outputs: ["u"], [write("v", "u", line: "round")])
        return Fakes.graph(
            inputs: [("x", Fakes.vector), ("c", Fakes.flag)], outputs: ["last", "r"],
            initializers: [("k", k), ("n", Tensor([2] as [Int64], shape: [1]))],
            [
                write("x", "a", line: "unread"), write("k", "b", line: "constant"), Fakes.node("Positives", ["x"], ["p"]),
                Fakes.node("Positives", ["p"], ["q"]), write("q", "w", line: "late data"), write("x", "e", line: "early data"),
                Fakes.node("If", ["c"], ["f"], attributes: ["then": branch, "else": branch]),
                Fakes.node("Loop", ["n", "x"], ["g"], attributes: ["body": body]), Fakes.node("Read", [], ["r"]),
                write("x", "last", line: "last"),
            ])
    }

    @Test("writes run in the graph's order once a run, whether or not anybody reads what they give", arguments: [true, false])
    func order(optimised: Bool) throws {
        let record = Record()
        let engine = try Self.engine(Self.ordered(true), record, optimised: optimised)
        #expect(record.take() == [], "nothing is written ahead of a run")
        for _ in 0..<2 {
            let outputs = try engine.run([Self.x, Tensor(scalar: true)])
            #expect(outputs[1].values(Float.self) == [7], "a read sees the writes before it and not those after it")
            #expect(
                record.take() == ["unread", "constant", "late data", "early data", "branch", "round", "round", "last"])
        }
    }

    @Test("what differs from run to run is not folded, and removed when nobody reads it", arguments: [true, false])
    func random(optimised: Bool) throws {
        let record = Record()
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["s"], initializers: [("k", Self.k)],
            [Fakes.node("Random", ["k"], ["r"]), Fakes.node("Add", ["r", "k"], ["s"]), Fakes.node("Random", [], ["unread"])])
        let engine = try Self.engine(source, record, optimised: optimised)
        let results = try (0..<3).map { _ in try engine.run([Self.x])[0].values(Float.self)[0] }
        #expect(Set(results).count == 3)
        #expect(record.written.count == (optimised ? 3 : 6))
    }

    @Test("what reads a resource is not folded")
    func reads() throws {
        let record = Record()
        let source = Fakes.graph(inputs: [], outputs: ["r"], [Fakes.node("Read", [], ["r"])])
        let engine = try Self.engine(source, record, optimised: true)
        #expect(try engine.run([])[0].values(Float.self) == [0])
        record.write("a line")
        #expect(try engine.run([])[0].values(Float.self) == [1])
    }

    @Test("a branch that a constant decides keeps its writes, and the other one makes none", arguments: [true, false])
    func inlined(condition: Bool) throws {
        let record = Record()
        let branch = { (line: String) in Fakes.subgraph(outputs: ["z"], [Self.write("x", "z", line: line)]) }
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["x"], initializers: [("c", Tensor(scalar: condition))],
            [Fakes.node("If", ["c"], ["unread"], attributes: ["then": branch("then"), "else": branch("else")])])
        _ = try Self.engine(source, record, optimised: true).run([Self.x])
        #expect(record.written == [condition ? "then" : "else"])
    }

    @Test("a run that has written does not begin anew: what would need it is refused and named")
    func noSecondRun() throws {
        let record = Record()
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["f"],
            [Self.write("x", "a", line: "once"), Fakes.node("Count", ["a"], ["n"]), Fakes.node("LazyFill", ["n"], ["f"])])
        let engine = try Self.engine(source, record, optimised: true)
        let failure = #expect(throws: EngineError.self) { try engine.run([Self.x]) }
        #expect("\(failure!)" == "node \"LazyFill_f\" (FakeFill): an output shape that cannot be known is not supported")
        #expect(record.written.count <= 1)
    }
}
