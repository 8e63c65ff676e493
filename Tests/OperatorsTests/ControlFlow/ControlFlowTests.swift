import GraphIR
import Operators
import Tensors
import Testing

/// A subgraph made of code, instead of nodes.
struct CodeSubgraph: SubgraphRunner, Sendable {
    var outputFacts: [ValueFact] = []
    /// Whether it can be made ready for many runs, as a graph that is one plan.
    var isSteady = false
    let body: @Sendable ([Tensor]) throws -> [Tensor]

    func run(_ inputs: [ValueView]) throws -> [RuntimeValue] {
        let tensors = try inputs.map { input in
            guard case .dense(let view) = input else { throw OperatorError.invalidValue("is \(input.kind), expected a tensor") }
            return try Tensor(copying: view)
        }
        return try body(tensors).map(RuntimeValue.tensor)
    }

    func rounds(_ specs: [TensorSpec]) throws -> (any SubgraphRounds)? {
        guard isSteady else { return nil }
        let zeros = specs.map { Tensor([Double](repeating: 0, count: $0.shape.elementCount), $0.elementType, $0.shape) }
        return CodeRounds(inputs: specs, outputs: try body(zeros).map(\.spec), body: body)
    }

    func steady(_ isSteady: Bool) -> CodeSubgraph {
        var result = self
        result.isSteady = isSteady
        return result
    }
}

/// The code of a `CodeSubgraph` over addresses.
private final class CodeRounds: SubgraphRounds {
    let inputs: [TensorSpec]
    let outputs: [TensorSpec]
    private let body: ([Tensor]) throws -> [Tensor]
    private var results: [Tensor] = []
    private let addresses: UnsafeMutablePointer<UnsafeRawPointer>

    init(inputs: [TensorSpec], outputs: [TensorSpec], body: @escaping ([Tensor]) throws -> [Tensor]) {
        (self.inputs, self.outputs, self.body) = (inputs, outputs, body)
        addresses = .allocate(capacity: outputs.count)
    }

    deinit { addresses.deallocate() }

    func run(_ inputs: UnsafePointer<UnsafeRawPointer>) throws -> UnsafePointer<UnsafeRawPointer> {
        let tensors = try self.inputs.enumerated().map { try Tensor(copying: TensorView($1, inputs[$0])) }
        results = try body(tensors)
        #expect(results.map(\.spec) == outputs)
        for (index, result) in results.enumerated() { addresses[index] = UnsafeRawPointer(result.storage.baseAddress) }
        return UnsafePointer(addresses)
    }
}

/// A control-flow operator and the code in place of its graphs.
struct ControlFlowSketch {
    let op: any SubgraphOperator

    init(_ name: String, _ attributes: [String: Attribute] = [:]) throws {
        let made = try makeOperator(name, in: ControlFlowOperators.spellings, attributes: attributes)
        op = try #require(made as? any SubgraphOperator)
    }

    func run(_ inputs: [Tensor?], outputs: Int, _ subgraphs: CodeSubgraph...) throws -> [Tensor] {
        try evaluateDynamic(op, inputs, outputs: outputs, subgraphs: subgraphs)
    }

    func infer(_ inputs: [ValueFact?], outputs: Int, _ subgraphs: [[ValueFact]]) throws -> [ValueFact] {
        try op.infer(OperatorInputs(inputs, outputCount: outputs), subgraphOutputs: subgraphs)
    }
}

private func number(_ value: Double) -> Tensor { Tensor([value], .float32, []) }

private func truth(_ value: Bool) -> Tensor { Tensor([value ? 1 : 0], .bool, []) }

@Suite("If")
struct IfTests {
    @Test("runs the branch that the condition chooses", arguments: [true, false])
    func branches(_ condition: Bool) throws {
        let result = try ControlFlowSketch("If").run(
            [truth(condition)], outputs: 1, CodeSubgraph { _ in [number(1)] }, CodeSubgraph { _ in [number(2)] })
        #expect(result[0].numbers == [condition ? 1 : 2])
    }

    @Test("answers what both branches agree on")
    func inference() throws {
        let sketch = try ControlFlowSketch("If"), condition = ValueFact(.bool, Shape.scalar)
        func join(_ left: SymbolicShape?, _ right: SymbolicShape?) throws -> SymbolicShape? {
            try sketch.infer([condition], outputs: 1, [[ValueFact(.int64, left)], [ValueFact(.int64, right)]])[0].shape
        }
        let known = SymbolicShape([.known(2), .known(3)])
        #expect(try join(known, known) == known)
        #expect(try join(known, SymbolicShape([.known(4), .known(3)])) == SymbolicShape([.unknown, .known(3)]))
        #expect(try join(known, SymbolicShape([.known(2)])) == nil)
        #expect(try join(known, nil) == nil)
    }

    @Test("a constant condition selects its branch")
    func constantCondition() throws {
        let sketch = try ControlFlowSketch("If"), condition = ValueFact(constant: truth(false))
        #expect(sketch.op.selectedSubgraph(OperatorInputs([condition])) == 1)
        let facts = [[ValueFact(.int64, [2] as Shape)], [ValueFact(.float32, [3] as Shape)]]
        #expect(try sketch.infer([condition], outputs: 1, facts)[0].type == TensorType(.float32, SymbolicShape([.known(3)])))
    }

    @Test("refuses branches of different types and conditions that are no bool")
    func refusals() throws {
        let sketch = try ControlFlowSketch("If"), condition = ValueFact(.bool, Shape.scalar)
        expectRefusal(["then_branch", "else_branch", "int64", "float32"]) {
            _ = try sketch.infer(
                [condition], outputs: 1, [[ValueFact(.int64, [1] as Shape)], [ValueFact(.float32, [1] as Shape)]])
        }
        expectRefusal(["single bool"]) {
            _ = try sketch.run([number(1)], outputs: 1, CodeSubgraph { _ in [] }, CodeSubgraph { _ in [] })
        }
        expectRefusal(["gives 0 outputs, expected 1"]) {
            _ = try sketch.run([truth(true)], outputs: 1, CodeSubgraph { _ in [] }, CodeSubgraph { _ in [] })
        }
    }
}

@Suite("Loop")
struct LoopTests {
    /// Doubles a number and gives it back as a part each round; stops when it exceeds `limit`.
    static func doubling(limit: Double = .infinity) -> CodeSubgraph {
        CodeSubgraph(outputFacts: [.bool, .float32, .float32].map { ValueFact($0, Shape.scalar) }) { inputs in
            let next = inputs[2].numbers[0] * 2
            return [truth(next <= limit), number(next), number(next)]
        }
    }

    @Test(
        "runs as often as trip count and condition allow",
        arguments: [
            (3, nil, .infinity, [2, 4, 8]), (nil, true, 10, [2, 4, 8, 16]), (3, true, 3, [2, 4]), (5, false, 10, []),
            (0, nil, 10, []),
            (.max, true, 3, [2, 4]), (-2, true, 9, []),
        ] as [(Int?, Bool?, Double, [Double])])
    func rounds(_ trips: Int?, _ condition: Bool?, _ limit: Double, _ parts: [Double]) throws {
        for isSteady in [false, true] {
            let results = try ControlFlowSketch("Loop").run(
                [trips.map { integers([$0], shape: []) }, condition.map(truth), number(1)], outputs: 2,
                Self.doubling(limit: limit).steady(isSteady))
            #expect(results[0].numbers == [parts.last ?? 1])
            #expect(results[1].numbers == parts && results[1].shape.extents == [parts.count])
        }
    }

    @Test("tells the body its round", arguments: [false, true])
    func roundNumbers(isSteady: Bool) throws {
        let body = CodeSubgraph { inputs in [truth(true), inputs[0]] }.steady(isSteady)
        let results = try ControlFlowSketch("Loop").run([integers([4], shape: []), nil], outputs: 1, body)
        #expect(results[0].integers == [0, 1, 2, 3])
    }

    @Test("a carried value may change its shape")
    func growing() throws {
        let body = CodeSubgraph { inputs in
            [truth(true), Tensor(inputs[2].numbers + [9], .float32, [inputs[2].elementCount + 1])]
        }
        let results = try ControlFlowSketch("Loop").run(
            [integers([2], shape: []), nil, Tensor([], .float32, [0])], outputs: 1, body)
        #expect(results[0].numbers == [9, 9])
    }

    @Test("an endless loop is refused", arguments: [false, true])
    func endless(isSteady: Bool) throws {
        // The body stops by itself beyond the limit, so that a missing limit fails instead of hanging.
        let body = CodeSubgraph { inputs in [truth(inputs[0].numbers[0] < 200)] }.steady(isSteady)
        expectRefusal(["still running after 100 rounds", "trip count"]) {
            _ = try evaluateDynamic(Loop(maximumRoundCount: 100), [nil, truth(true)], outputs: 0, subgraphs: [body])
        }
    }

    @Test("refuses parts of different shapes and bodies that give too little")
    func refusals() throws {
        let sketch = try ControlFlowSketch("Loop"), trips = integers([2], shape: [])
        let growing = CodeSubgraph { inputs in
            let round = inputs[0].integers?[0] ?? 0
            return [truth(true), Tensor([Double](repeating: 0, count: round), .float32, [round])]
        }
        expectRefusal(["float32[0]", "float32[1]"]) { _ = try sketch.run([trips, nil], outputs: 1, growing) }
        expectRefusal(["gives 1 outputs, expected 2"]) {
            _ = try sketch.run([trips, nil], outputs: 1, CodeSubgraph { _ in [truth(true)] })
        }
        expectRefusal(["for the condition"]) {
            _ = try sketch.run([trips, nil], outputs: 0, CodeSubgraph { _ in [number(1)] })
        }
        expectRefusal(["ran no round"]) {
            _ = try sketch.run([integers([0], shape: []), nil], outputs: 1, CodeSubgraph { _ in [] })
        }
    }

    @Test("types its outputs from what goes in and what the body gives")
    func inference() throws {
        let sketch = try ControlFlowSketch("Loop")
        let state = ValueFact(.float32, [2, 3] as Shape), condition = ValueFact(.bool, Shape.scalar)
        let inputs = [nil, condition, state]
        let formal = try sketch.op.subgraphInputs(OperatorInputs(inputs, outputCount: 2))[0]
        #expect(formal.map(\.elementType) == [.int64, .bool, .float32] && formal[2].shape == nil)
        let facts = try sketch.infer(inputs, outputs: 2, [[condition, ValueFact(.float32, [2, 4] as Shape), state]])
        #expect(facts[0].shape == SymbolicShape([.known(2), .unknown]))
        #expect(facts[1].shape == SymbolicShape([.unknown, .known(2), .known(3)]))
        expectRefusal(["input 2", "float32", "int64"]) {
            _ = try sketch.infer(inputs, outputs: 1, [[condition, ValueFact(.int64, [2] as Shape)]])
        }
        expectRefusal(["gives 1 outputs"]) { _ = try sketch.infer(inputs, outputs: 2, [[condition]]) }
    }
}

@Suite("Scan")
struct ScanTests {
    /// Sums rows into a state and gives the running sum.
    static let summing = CodeSubgraph { inputs in
        let sum = zip(inputs[0].numbers, inputs[1].numbers).map(+)
        let tensor = Tensor(sum, .float32, [sum.count])
        return [tensor, tensor]
    }

    static func scan(_ attributes: [String: Attribute] = [:]) throws -> ControlFlowSketch {
        try ControlFlowSketch("Scan", attributes.merging(["num_scan_inputs": .integer(1)]) { own, _ in own })
    }

    @Test("walks forwards and backwards, along any axis", arguments: [0, 1], [(0, 0), (0, 1), (1, 0), (1, 1)])
    func walks(_ axis: Int, _ directions: (input: Int, output: Int)) throws {
        let rows = Grid(counting: [3, 2])
        let data = axis == 0 ? rows : Grid([2, 3]) { rows[[$0[1], $0[0]]] }
        let sketch = try Self.scan([
            "scan_input_axes": .integers([Int64(axis)]), "scan_input_directions": .integers([Int64(directions.input)]),
            "scan_output_axes": .integers([axis == 0 ? 0 : -1]),
            "scan_output_directions": .integers([Int64(directions.output)]),
        ])
        let results = try sketch.run([Tensor([0, 0], .float32, [2]), data.tensor()], outputs: 2, Self.summing)
        let steady = try sketch.run([Tensor([0, 0], .float32, [2]), data.tensor()], outputs: 2, Self.summing.steady(true))
        #expect(results[0].numbers == [6, 9] && steady.map(\.numbers) == results.map(\.numbers))
        var sum = [0.0, 0.0]
        var parts = (directions.input == 1 ? [2, 1, 0] : [0, 1, 2]).map { row in
            sum = [sum[0] + rows[[row, 0]], sum[1] + rows[[row, 1]]]
            return sum
        }
        if directions.output == 1 { parts.reverse() }
        let expected = axis == 0 ? Grid([3, 2]) { parts[$0[0]][$0[1]] } : Grid([2, 3]) { parts[$0[1]][$0[0]] }
        #expect(Grid(results[1]) == expected)
    }

    @Test("types states, sequence elements and stacked parts")
    func inference() throws {
        let sketch = try Self.scan(), state = ValueFact(.float32, [2] as Shape)
        let sequence = ValueFact(.float32, SymbolicShape([.symbol("time"), .known(2)]))
        let formal = try sketch.op.subgraphInputs(OperatorInputs([state, sequence], outputCount: 2))[0]
        #expect(formal[1].shape == SymbolicShape([.known(2)]))
        let facts = try sketch.infer([state, sequence], outputs: 2, [[state, state]])
        #expect(facts.map(\.shape) == [SymbolicShape([.known(2)]), sequence.shape])
    }

    @Test("refuses sequences of different lengths")
    func refusals() throws {
        let sketch = try ControlFlowSketch("Scan", ["num_scan_inputs": .integer(2)])
        let long = Grid(counting: [3, 2]).tensor(), short = Grid(counting: [2, 2]).tensor()
        expectRefusal(["lengths [3, 2]"]) { _ = try sketch.run([long, short], outputs: 0, Self.summing) }
        expectRefusal(["num_scan_inputs", "2", "1 inputs"]) { _ = try sketch.run([long], outputs: 0, Self.summing) }
    }
}
