import CKernels
import GraphIR
import Operators
import Tensors
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("LSTM, GRU, RNN")
struct RecurrentTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var cell = RecurrentReference.Cell.lstm
        var time = 3, batch = 2, input = 4, hidden = 5
        var direction = "forward"
        var batchFirst = false
        var clip: Float?
        var couplesForget = false
        var resetsAfter = false
        var lengths: [Int]?
        var bias = true, states = false, peepholes = false
        var activations: [String]?
        var alphas: [Float]?, betas: [Float]?
        var testDescription: String { name }

        var reference: RecurrentReference {
            RecurrentReference(
                cell: cell, time: time, batch: batch, input: input, hidden: hidden,
                directions: direction == "bidirectional" ? 2 : 1, reverse: direction == "reverse",
                batchFirst: batchFirst, clip: clip.map(Double.init) ?? .infinity, couplesForget: couplesForget,
                resetsAfter: resetsAfter, functions: functions, lengths: lengths)
        }

        private var functions: [[RecurrentReference.Function]] {
            let defaults = cell == .lstm ? ["Sigmoid", "Tanh", "Tanh"] : cell == .gru ? ["Sigmoid", "Tanh"] : ["Tanh"]
            let names = activations ?? (direction == "bidirectional" ? defaults + defaults : defaults)
            var alphas = (alphas ?? [])[...], betas = (betas ?? [])[...]
            let all = names.map { name in
                RecurrentTests.function(name, { alphas.popFirst().map(Double.init) }, { betas.popFirst().map(Double.init) })
            }
            return stride(from: 0, to: all.count, by: defaults.count).map { Array(all[$0..<$0 + defaults.count]) }
        }
    }

    static func function(
        _ name: String, _ alpha: () -> Double?, _ beta: () -> Double?
    ) -> RecurrentReference.Function {
        switch name {
        case "Sigmoid": return RecurrentReference.sigmoid
        case "Tanh": return { tanh($0) }
        case "Relu": return { max($0, 0) }
        case "Softsign": return { $0 / (1 + abs($0)) }
        case "Softplus": return { log1p(exp($0)) }
        case "Affine":
            let a = alpha() ?? 1, b = beta() ?? 0
            return { a * $0 + b }
        case "LeakyRelu":
            let a = alpha() ?? 0.01
            return { $0 < 0 ? a * $0 : $0 }
        case "ThresholdedRelu":
            let a = alpha() ?? 1
            return { $0 >= a ? $0 : 0 }
        case "ScaledTanh":
            let a = alpha() ?? 1, b = beta() ?? 1
            return { a * tanh(b * $0) }
        case "HardSigmoid":
            let a = alpha() ?? 0.2, b = beta() ?? 0.5
            return { min(max(a * $0 + b, 0), 1) }
        case "Elu":
            let a = alpha() ?? 1
            return { $0 < 0 ? a * (exp($0) - 1) : $0 }
        default: preconditionFailure("no activation \(name)")
        }
    }

    static let cases: [Case] = {
        var cases: [Case] = []
        for (name, cell) in [("LSTM", RecurrentReference.Cell.lstm), ("GRU", .gru), ("RNN", .rnn)] {
            cases += [
                Case(name: "\(name)", cell: cell),
                Case(name: "\(name) reverse", cell: cell, direction: "reverse", states: true),
                Case(name: "\(name) bidirectional", cell: cell, direction: "bidirectional", states: true),
                Case(name: "\(name) batch first", cell: cell, direction: "bidirectional", batchFirst: true, states: true),
                Case(
                    name: "\(name) lengths", cell: cell, batch: 4, direction: "bidirectional", lengths: [3, 1, 0, 2], states: true
                ),
                Case(name: "\(name) without bias", cell: cell, bias: false),
                Case(name: "\(name) clipped", cell: cell, clip: 0.3),
                Case(name: "\(name) no steps", cell: cell, time: 0, states: true),
                Case(name: "\(name) no rows", cell: cell, batch: 0),
            ]
            for hidden in [1, 15, 16, 17, 33] {
                cases.append(Case(name: "\(name) hidden \(hidden)", cell: cell, batch: 3, hidden: hidden, states: true))
            }
        }
        cases += [
            Case(name: "LSTM peepholes", direction: "bidirectional", states: true, peepholes: true),
            Case(name: "LSTM coupled forget gate", couplesForget: true, states: true),
            Case(
                name: "LSTM everything", batch: 3, hidden: 19, direction: "bidirectional", clip: 0.8, lengths: [1, 3, 2],
                states: true, peepholes: true),
            Case(name: "GRU reset after", cell: .gru, resetsAfter: true, states: true),
            Case(
                name: "GRU reset after, lengths", cell: .gru, direction: "bidirectional", resetsAfter: true, lengths: [2, 3],
                states: true),
            Case(name: "GRU reset after, no bias", cell: .gru, resetsAfter: true, bias: false),
            Case(
                name: "LSTM own activations", activations: ["HardSigmoid", "Softsign", "ScaledTanh"], alphas: [0.3, 1.5],
                betas: [0.4, 0.5]),
            Case(
                name: "GRU own activations", cell: .gru, direction: "bidirectional",
                activations: ["Sigmoid", "Elu", "HardSigmoid", "Softplus"]),
        ]
        for name in [
            "Relu", "Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu", "Softsign", "Softplus",
        ] {
            cases.append(Case(name: "RNN \(name)", cell: .rnn, activations: [name], alphas: [0.4], betas: [0.7]))
            cases.append(Case(name: "RNN \(name) by default", cell: .rnn, activations: [name]))
        }
        return cases
    }()

    static func make(_ c: Case) throws -> any Operator {
        var attributes: [String: Attribute] = [
            "hidden_size": .integer(Int64(c.hidden)), "direction": .string(c.direction),
            "layout": .integer(c.batchFirst ? 1 : 0),
        ]
        attributes["clip"] = c.clip.map(Attribute.float)
        attributes["activations"] = c.activations.map(Attribute.strings)
        attributes["activation_alpha"] = c.alphas.map(Attribute.floats)
        attributes["activation_beta"] = c.betas.map(Attribute.floats)
        if c.couplesForget { attributes["input_forget"] = .integer(1) }
        if c.resetsAfter { attributes["linear_before_reset"] = .integer(1) }
        let name = c.cell == .lstm ? "LSTM" : c.cell == .gru ? "GRU" : "RNN"
        return try makeOperator(name, in: RecurrentOperators.spellings, version: 14, attributes: attributes)
    }

    static func weights(_ c: Case) -> RecurrentReference.Weights {
        var numbers = TestNumbers(seed: 7)
        let r = c.reference
        func grid(_ shape: [Int]) -> Grid {
            // Multiples of 1/256 are the same in binary32.
            Grid(Tensor(numbers.wholes(shape.reduce(1, *), in: -200...200).map { $0 / 256 }, .float32, Shape(shape)))
        }
        let states = c.batchFirst ? [c.batch, r.directions, c.hidden] : [r.directions, c.batch, c.hidden]
        return RecurrentReference.Weights(
            x: grid(c.batchFirst ? [c.batch, c.time, c.input] : [c.time, c.batch, c.input]),
            w: grid([r.directions, r.gates * c.hidden, c.input]), r: grid([r.directions, r.gates * c.hidden, c.hidden]),
            b: c.bias ? grid([r.directions, 2 * r.gates * c.hidden]) : nil, h0: c.states ? grid(states) : nil,
            c0: c.states && c.cell == .lstm ? grid(states) : nil,
            peepholes: c.peepholes ? grid([r.directions, 3 * c.hidden]) : nil)
    }

    static func inputs(_ c: Case, _ weights: RecurrentReference.Weights) -> [Tensor?] {
        let lengths = c.lengths.map { Tensor($0.map(Int32.init), shape: [$0.count]) }
        let shared =
            [weights.x, weights.w, weights.r].map { $0.tensor() } + [weights.b?.tensor(), lengths, weights.h0?.tensor()]
        return c.cell == .lstm ? shared + [weights.c0?.tensor(), weights.peepholes?.tensor()] : shared
    }

    @Test("computes the equations on every kernel level, with weights from the model or from data", arguments: cases)
    func equations(_ c: Case) throws {
        let weights = Self.weights(c), expected = c.reference.run(weights)
        let outputs = c.cell == .lstm ? 3 : 2
        for constants in [[], [1, 2]] as [Set<Int>] {
            for (isa, results) in try evaluateOnEveryLevel(
                Self.make(c), Self.inputs(c, weights), outputs: outputs, constants: constants)
            {
                let wanted = [expected.y, expected.lastHidden, expected.lastMemory]
                for (result, wanted) in zip(results, wanted) {
                    #expect(result.shape.extents == wanted.shape, "\(isa.name)")
                    expectNumbers(result, wanted.values, relative: 2e-5, absolute: 2e-6, isa.name)
                }
            }
        }
    }

    @Test("types its outputs by what is known")
    func inference() throws {
        let op = try Self.make(Case(name: "", direction: "bidirectional"))
        let x = ValueFact(.float32, SymbolicShape([.symbol("time"), .symbol("batch"), .known(4)]))
        let w = ValueFact(.float32, [2, 20, 4] as Shape), r = ValueFact(.float32, [2, 20, 5] as Shape)
        let facts = try op.infer(OperatorInputs([x, w, r], outputCount: 3))
        #expect(facts[0].shape == SymbolicShape([.symbol("time"), .known(2), .symbol("batch"), .known(5)]))
        #expect(facts[1].shape == SymbolicShape([.known(2), .symbol("batch"), .known(5)]))
    }

    @Test("refuses shapes, lengths and attributes that do not fit")
    func refusals() throws {
        let c = Case(name: ""), weights = Self.weights(c), op = try Self.make(c)
        func run(_ index: Int, _ tensor: Tensor) throws {
            var inputs = Self.inputs(c, weights)
            inputs[index] = tensor
            _ = try evaluate(op, inputs, outputs: 3)
        }
        expectRefusal(["input 1", "[1,20,3]", "expected [1,20,4]"]) { try run(1, Grid(counting: [1, 20, 3]).tensor()) }
        expectRefusal(["input 2", "expected [1,20,5]"]) { try run(2, Grid(counting: [1, 15, 5]).tensor()) }
        expectRefusal(["input 3", "expected [1,40]"]) { try run(3, Grid(counting: [1, 20]).tensor()) }
        expectRefusal(["input 0", "rank 2"]) { try run(0, Grid(counting: [3, 4]).tensor()) }
        expectRefusal(["length 4 of sequence 1"]) { try run(4, Tensor([1, 4] as [Int32], shape: [2])) }
        expectRefusal(["length -1 of sequence 0"]) { try run(4, Tensor([-1, 2] as [Int32], shape: [2])) }
        expectRefusal(["float64", "not supported"]) { try run(0, Grid(counting: [3, 2, 4]).tensor(.float64)) }
        func attribute(_ name: String, _ value: Attribute) throws {
            _ = try makeOperator("LSTM", in: RecurrentOperators.spellings, attributes: [name: value])
        }
        expectRefusal(["activations", "\"Swish\""]) { try attribute("activations", .strings(["Swish", "Tanh", "Tanh"])) }
        expectRefusal(["activations", "2 names", "expected 3"]) { try attribute("activations", .strings(["Tanh", "Tanh"])) }
        expectRefusal(["direction", "\"sideways\""]) { try attribute("direction", .string("sideways")) }
        expectRefusal(["layout"]) { try attribute("layout", .integer(2)) }
        expectRefusal(["clip"]) { try attribute("clip", .float(-1)) }
        expectRefusal(["hidden_size"]) { try attribute("hidden_size", .integer(0)) }
    }
}
