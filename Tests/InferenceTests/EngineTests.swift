import GraphIR
import Inference
import Tensors
import Testing

@Suite struct EngineTests {
    static func engine(_ source: SourceGraph, optimised: Bool = true) throws -> Engine {
        try Engine(source, catalog: Fakes.catalog, passes: optimised ? [DeadNodes()] : [])
    }

    static let x = Tensor([1, -2, 3] as [Float], shape: [3])
    static let y = Tensor([10, 20, 30] as [Float], shape: [3])

    static let chain = Fakes.graph(
        inputs: [("x", Fakes.vector), ("y", Fakes.vector)], outputs: ["d", "x"],
        [
            Fakes.node("Add", ["x", "y"], ["a"]), Fakes.node("Add", ["a", "y"], ["b"]), Fakes.node("Add", ["b", "b"], ["c"]),
            Fakes.node("Add", ["c", "x"], ["d"]),
        ])

    @Test("runs a chain, with and without passes, and passes an input through", arguments: [true, false])
    func chains(optimised: Bool) throws {
        let outputs = try Self.engine(Self.chain, optimised: optimised).run([Self.x, Self.y])
        #expect(outputs[0].values(Float.self) == [43, 74, 129])
        #expect(outputs[1].values(Float.self) == [1, -2, 3])
    }

    @Test("restricted to some outputs it gives these, in the order asked, and runs only what they need", arguments: [true, false])
    func restricted(optimised: Bool) throws {
        let engine = try Self.engine(Self.chain, optimised: optimised)
        let swapped = try engine.restricted(to: [1, 0]).run([Self.x, Self.y])
        #expect(swapped.map { $0.values(Float.self) } == [[1, -2, 3], [43, 74, 129]])
        let passed = try engine.restricted(to: [1])
        #expect(try passed.run([Self.x, Self.y]).map { $0.values(Float.self) } == [[1, -2, 3]])
        #expect(try passed.plan(for: [Self.x.spec, Self.y.spec])?.notes.count == 0)
        #expect(try engine.run([Self.x, Self.y]).count == 2, "the whole is as it was")
    }

    @Test("plans once for each shape and keeps at most the limit")
    func planCache() throws {
        var limits = EngineLimits()
        limits.maximumPlans = 2
        let engine = try Engine(Self.chain, catalog: Fakes.catalog, passes: [], state: ModelState(limits: limits))
        for count in [1, 2, 1, 3, 1] {
            let x = Tensor([Float](repeating: 1, count: count), shape: [count])
            #expect(try engine.run([x, x])[0].values(Float.self) == [Float](repeating: 7, count: count))
        }
        #expect(engine.planCount == 2)
    }

    @Test("memory is reused: a long chain needs no more than its widest point")
    func reuse() throws {
        var nodes: [SourceNode] = []
        for index in 0..<20 { nodes.append(Fakes.node("Add", ["v\(index)", "y"], ["v\(index + 1)"])) }
        let source = Fakes.graph(inputs: [("v0", Fakes.vector), ("y", Fakes.vector)], outputs: ["v20"], nodes)
        let plan = try #require(try Self.engine(source).plan(for: [Self.x.spec, Self.y.spec]))
        #expect(plan.notes.count == 20)
        #expect(plan.arenaByteCount == 128, "one value computed in place and one scratch")
    }

    @Test("arithmetic on shapes leaves no step, and a reshape is a view")
    func shapeFolding() throws {
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["r"],
            [Fakes.node("Shape", ["x"], ["s"]), Fakes.node("Add", ["x", "x"], ["a"]), Fakes.node("Reshape", ["a", "s"], ["r"])])
        let engine = try Self.engine(source)
        #expect(try engine.plan(for: [Self.x.spec])?.notes.count == 1)
        #expect(try engine.run([Self.x])[0].values(Float.self) == [2, -4, 6])
    }

    @Test("what follows a data-dependent shape is planned for the shape that appears")
    func boundaries() throws {
        let source = Fakes.graph(
            inputs: [("x", Fakes.vector), ("y", Fakes.vector)], outputs: ["d", "a"],
            [
                Fakes.node("Add", ["x", "y"], ["a"]), Fakes.node("Positives", ["x"], ["p"]), Fakes.node("Add", ["p", "p"], ["q"]),
                Fakes.node("Positives", ["q"], ["r"]), Fakes.node("Add", ["r", "q"], ["d"]),
            ])
        let engine = try Self.engine(source)
        #expect(!engine.isStatic)
        #expect(try engine.plan(for: [Self.x.spec, Self.y.spec]) == nil)
        for _ in 0..<2 {
            let outputs = try engine.run([Self.x, Self.y])
            #expect(outputs[0].values(Float.self) == [4, 12])
            #expect(outputs[1].values(Float.self) == [11, 18, 33])
        }
        let negative = Tensor([-1, -1, -1] as [Float], shape: [3])
        #expect(try engine.run([negative, Self.y])[0].shape == [0])
    }

    @Test("a reshape by computed contents takes the shape that the data holds")
    func dataDependentShape() throws {
        let source = Fakes.graph(
            inputs: [("x", TensorType(.float32, nil)), ("s", TensorType(.int64, SymbolicShape([.unknown])))], outputs: ["b"],
            [Fakes.node("Reshape", ["x", "s"], ["a"]), Fakes.node("Add", ["a", "a"], ["b"])])
        let engine = try Self.engine(source)
        let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [6])
        for extents in [[2, 3], [3, 2]] {
            let shape = Tensor(extents.map(Int64.init), shape: [2])
            let output = try engine.run([x, shape])[0]
            #expect(output.shape == Shape(extents))
            #expect(output.values(Float.self) == [2, 4, 6, 8, 10, 12])
        }
    }

    static func branching(condition: [(name: String, tensor: Tensor)], inputs: [(String, TensorType)]) -> SourceGraph {
        let then = Fakes.graph(inputs: [], outputs: ["y"], [Fakes.node("Add", ["x", "k"], ["y"])])
        let other = Fakes.graph(inputs: [], outputs: ["y"], [Fakes.node("Positives", ["x"], ["p"]), Fakes.node("Add", ["p", "p"], ["y"])])
        let nested = Fakes.graph(
            inputs: [], outputs: ["z"], [Fakes.node("If", ["c"], ["z"], attributes: ["then": .graph(then), "else": .graph(other)])])
        return Fakes.graph(
            inputs: inputs, outputs: ["w"], initializers: condition + [("k", y)],
            [
                Fakes.node("If", ["c"], ["v"], attributes: ["then": .graph(nested), "else": .graph(nested)]),
                Fakes.node("Add", ["v", "v"], ["w"]),
            ])
    }

    @Test("a branch chosen by contents runs, nested and with captured values", arguments: [true, false])
    func branches(condition: Bool) throws {
        let engine = try Self.engine(Self.branching(condition: [], inputs: [("c", Fakes.flag), ("x", Fakes.vector)]))
        let output = try engine.run([Tensor(scalar: condition), Self.x])[0]
        #expect(output.values(Float.self) == (condition ? [22, 36, 66] : [4, 12]))
    }

    @Test("a branch chosen by a constant takes the place of its node", arguments: [true, false])
    func inlines(condition: Bool) throws {
        let engine = try Self.engine(Self.branching(condition: [("c", Tensor(scalar: condition))], inputs: [("x", Fakes.vector)]))
        #expect(engine.isStatic == condition)
        #expect(try engine.run([Self.x])[0].values(Float.self) == (condition ? [22, 36, 66] : [4, 12]))
    }

    @Test("refuses inputs that are not the graph's, and contents that an operator refuses, and goes on")
    func refusals() throws {
        let source = Fakes.graph(
            inputs: [("x", TensorType(.float32, SymbolicShape([.known(3)])))], outputs: ["y"], [Fakes.node("Check", ["x"], ["y"])])
        let engine = try Self.engine(source)
        let short = Tensor([1] as [Float], shape: [1]), integers = Tensor([1, 2, 3] as [Int32], shape: [3])
        let negative = Tensor([-1, 0, 0] as [Float], shape: [3]), good = Tensor([1, 2, 3] as [Float], shape: [3])
        for (inputs, message) in [
            ([], "has 1 inputs, 0 were given"), ([short], "input \"x\" has shape [1], expected float32[3]"),
            ([integers], "input \"x\" is int32, expected float32"), ([negative], "node \"Check_y\" (FakeCheck): first element is negative"),
        ] {
            let failure = #expect(throws: EngineError.self) { try engine.run(inputs) }
            #expect("\(failure!)".contains(message), "\(failure!)")
        }
        #expect(try engine.run([good])[0].values(Float.self) == [1, 2, 3])
    }

    /// What a version holds must go with it, or no memory is ever given back.
    @Test("an engine that nobody holds any more frees its plans and its weights")
    func frees() throws {
        weak var plan: Plan?
        weak var weights: TensorStorage?
        do {
            let constant = Tensor([1, 2, 3] as [Float], shape: [3])
            weights = constant.storage
            let source = Fakes.graph(
                inputs: [("x", Fakes.vector)], outputs: ["y"], initializers: [("k", constant)], [Fakes.node("Add", ["x", "k"], ["y"])])
            let engine = try Self.engine(source)
            _ = try engine.run([Self.x])
            plan = try engine.plan(for: [Self.x.spec])
            #expect(plan != nil)
        }
        #expect(plan == nil)
        #expect(weights == nil)
    }

    @Test("an arena over the limit is refused, not tried")
    func arenaLimit() throws {
        var limits = EngineLimits()
        limits.maximumArenaBytes = 1 << 20
        let engine = try Engine(Self.chain, catalog: Fakes.catalog, passes: [], state: ModelState(limits: limits))
        let spec = TensorSpec(.float32, [1 << 20])
        #expect(throws: EngineError.self) { try engine.plan(for: [spec, spec]) }
    }
}
