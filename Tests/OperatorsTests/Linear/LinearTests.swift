import GraphIR
import Operators
import Tensors
import Testing

/// The fused dense layer, at the sizes where its tiles, panels and slices end.
@Suite("Linear")
struct LinearTests {
    static let rows = [0, 1, 2, 5, 8, 9, 14, 15, 27, 43]
    static let columns = [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65]

    private func check(
        m: Int, k: Int, n: Int, transposed: Bool = false, activation: FusedActivation? = nil, bias: Bool = true,
        residual: Bool = true, constants: Set<Int> = [1, 2]
    ) throws {
        var op = Linear()
        op.transposesWeights = transposed
        op.activation = activation
        op.scale = 0.5
        let x = SampleData.floats([m, k], seed: 1), w = SampleData.floats(transposed ? [n, k] : [k, n], seed: 2)
        let b = bias ? SampleData.floats([n], seed: 3) : nil, r = residual ? SampleData.floats([m, n], seed: 4) : nil
        let right = transposed ? ProductReference.transpose(w.numbers, rows: n, columns: k) : w.numbers
        var expected = ProductReference.product(x.numbers, right, m: m, k: k, n: n).map { $0 * 0.5 }
        let biases = b?.numbers, rest = r?.numbers
        for i in expected.indices {
            expected[i] += (biases?[i % n] ?? 0) + (rest?[i] ?? 0)
            expected[i] = activation.map { $0.reference(expected[i]) } ?? expected[i]
        }
        var inputs: [Tensor?] = [x, w, b, r]
        if r == nil { inputs.removeLast(b == nil ? 2 : 1) }
        let known = constants.filter { $0 < inputs.count && inputs[$0] != nil }
        for (isa, outputs) in try evaluateOnEveryLevel(op, inputs, constants: known) {
            expectClose(outputs[0], expected, shape: [m, n], scale: Double(k) / 4, "\((m, k, n)) \(isa.name)")
        }
    }

    @Test("computes every number of rows and columns around the tiles", arguments: rows)
    func sizes(_ m: Int) throws {
        for n in Self.columns { try check(m: m, k: 19, n: n) }
    }

    @Test("adds up long sums slice by slice", arguments: [0, 1, 2, 3, 4, 255, 256, 257, 600])
    func depth(_ k: Int) throws {
        for m in [1, 3, 15] { try check(m: m, k: k, n: 35, activation: .relu) }
    }

    @Test("crosses the blocks of many rows")
    func manyRows() throws {
        try check(m: 14 * 12 + 5, k: 260, n: 40)
        try check(m: 75, k: 3, n: 2)
    }

    @Test("applies every activation", arguments: FusedActivation.samples)
    func activations(_ activation: FusedActivation) throws {
        for (m, n) in [(1, 10), (9, 33), (20, 64)] { try check(m: m, k: 17, n: n, activation: activation) }
    }

    @Test("does without bias, without residual, and with weights that come at run time")
    func optionalParts() throws {
        for transposed in [false, true] {
            for m in [1, 10] {
                try check(m: m, k: 21, n: 34, transposed: transposed, bias: false, residual: false)
                try check(m: m, k: 21, n: 34, transposed: transposed, bias: false)
                try check(m: m, k: 21, n: 34, transposed: transposed, residual: false)
                try check(m: m, k: 21, n: 34, transposed: transposed, constants: [])
            }
        }
    }

    @Test("passes NaN and infinity on")
    func specials() throws {
        let x = Tensor([.nan, 1, .infinity, 1] as [Float], shape: [2, 2]), w = Tensor([1, 1] as [Float], shape: [2, 1])
        for activation in [nil, FusedActivation.relu, .clip(low: -1, high: .infinity), .tanh, .sigmoid] {
            var op = Linear()
            op.activation = activation
            for (_, outputs) in try evaluateOnEveryLevel(op, [x, w], constants: [1]) {
                let values = outputs[0].values(Float.self)
                #expect(values[0].isNaN)
                #expect(values[1] == Float(activation.map { $0.reference(.infinity) } ?? .infinity))
            }
        }
    }

    @Test("refuses what does not fit")
    func refuses() {
        func infer(_ shapes: [[Int]]) throws {
            _ = try Linear().infer(OperatorInputs(shapes.map { ValueFact(.float32, Shape($0)) }))
        }
        expectRefusal(["input 1", "3 axes"]) { try infer([[2, 3], [1, 3, 4]]) }
        expectRefusal(["input 2", "[5]", "4"]) { try infer([[2, 3], [3, 4], [5]]) }
        expectRefusal(["input 3", "[2,5]", "[2,4]"]) { try infer([[2, 3], [3, 4], [4], [2, 5]]) }
    }
}
