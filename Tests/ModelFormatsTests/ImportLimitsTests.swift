import ModelFormats
import ProtobufWire
import Testing

@Suite("ImportLimits")
struct ImportLimitsTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let model: WireWriter
        let set: @Sendable (inout ImportLimits, Int) -> Void
        /// The smallest limit under which the model is taken.
        let least: Int
        let words: String
    }

    /// `x` → If → … `depth` graphs inside one another.
    private static func nested(_ depth: Int) -> WireWriter {
        func branch(_ level: Int, _ graph: inout WireWriter) {
            if level < depth {
                graph.node("If", ["x"], ["t\(level)"]) { $0.graph("then_branch") { branch(level + 1, &$0) } }
            } else {
                graph.node("Relu", ["x"], ["t\(level)"])
            }
            graph.output("t\(level)")
        }
        return .model { graph in
            graph.input("x")
            branch(0, &graph)
        }
    }

    /// Functions that call the next one twice each.
    private static func doubling(_ count: Int) -> WireWriter {
        var model = WireWriter.model(opsets: [("", 17), ("local", 1)]) { graph in
            graph.input("x")
            graph.node("F0", ["x"], ["y"], domain: "local")
            graph.output("y")
        }
        for level in 0..<count {
            model.function("F\(level)", inputs: ["a"], outputs: ["c"], opsets: [("", 17), ("local", 1)]) { function in
                let next = level + 1 < count ? ("F\(level + 1)", "local") : ("Relu", "")
                function.node(next.0, ["a"], ["b"], domain: next.1, field: 7)
                function.node(next.0, ["b"], ["c"], domain: next.1, field: 7)
            }
        }
        return model
    }

    private static func weights(_ extents: [Int64], _ count: Int) -> WireWriter {
        .model { graph in
            graph.input("x")
            graph.initializer("w", DataType.float, extents) { $0.delimited(4, [UInt8](repeating: 0, count: count * 4)) }
            graph.node("Add", ["x", "w"], ["y"])
            graph.output("y")
        }
    }

    static let cases: [Case] = [
        Case(
            testDescription: "bytes of the file", model: sampleModel(), set: { $0.modelFileByteCount = $1 },
            least: sampleModel().bytes.count, words: "bytes"),
        Case(testDescription: "nodes", model: sampleModel(), set: { $0.nodeCount = $1 }, least: 6, words: "nodes"),
        Case(
            testDescription: "initializers", model: sampleModel(), set: { $0.initializerCount = $1 }, least: 2,
            words: "initializers"),
        Case(
            testDescription: "graphs inside graphs", model: nested(3), set: { $0.subgraphDepth = $1 }, least: 3,
            words: "graphs inside one another"),
        Case(
            testDescription: "functions inside functions", model: doubling(3), set: { $0.functionDepth = $1 }, least: 3,
            words: "functions inside one another"),
        Case(
            testDescription: "nodes that functions multiply", model: doubling(6), set: { $0.nodeCount = $1 }, least: 127,
            words: "nodes"),
        Case(
            testDescription: "extents of a tensor", model: weights([1, 1, 1, 2], 2), set: { $0.tensorRank = $1 }, least: 4,
            words: "dimensions"),
        Case(
            testDescription: "bytes of a tensor", model: weights([8], 8), set: { $0.tensorByteCount = $1 }, least: 32,
            words: "bytes"),
        Case(
            testDescription: "bytes copied", model: weights([8], 8), set: { $0.copiedByteCount = $1 }, least: 32,
            words: "bytes of tensors to copy"),
    ]

    @Test("takes a model at a limit and refuses it beyond", arguments: cases)
    func borders(_ entry: Case) throws {
        var limits = ImportLimits()
        entry.set(&limits, entry.least)
        #expect(try refusal(of: entry.model, limits: limits) == nil)
        entry.set(&limits, entry.least - 1)
        let error = try #require(throws: ImportError.self) { try importGraph(entry.model, limits: limits) }
        guard case .limitExceeded(_, _, let quantity, let found, let limit) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(quantity == entry.words)
        #expect(limit == entry.least - 1)
        #expect(found > limit)
    }

    @Test("functions that double their calls at every level are refused by the node limit")
    func bomb() throws {
        var limits = ImportLimits()
        limits.nodeCount = 10_000
        let text = try #require(try refusal(of: Self.doubling(30), limits: limits))
        #expect(text.contains("10001 nodes, the limit is 10000"), "\(text)")
    }

    @Test("graphs nested beyond the reader's depth are refused")
    func deepNesting() throws {
        #expect(try refusal(of: Self.nested(32)) == nil)
        let text = try #require(try refusal(of: Self.nested(200)))
        #expect(text.contains("nested more than"))
    }
}
