import GraphIR
import Operators
import Tensors
import Testing

@Suite("Gemm")
struct GemmTests {
    static let sizes: [(m: Int, k: Int, n: Int)] = [(1, 64, 10), (3, 5, 7), (20, 33, 34), (0, 4, 3), (4, 0, 3), (4, 3, 0)]

    /// For an extent list of C in terms of (m, n).
    static let addends: [@Sendable (Int, Int) -> [Int]?] = [
        { _, _ in nil }, { _, n in [n] }, { _, n in [1, n] }, { m, _ in [m, 1] }, { m, n in [m, n] }, { _, _ in [1] },
        { _, _ in [] },
    ]

    private func reference(
        _ op: Gemm, _ a: Tensor, _ b: Tensor, _ c: Tensor?, m: Int, k: Int, n: Int
    ) -> [Double] {
        let left = op.transposesLeft ? ProductReference.transpose(a.numbers, rows: k, columns: m) : a.numbers
        let right = op.transposesRight ? ProductReference.transpose(b.numbers, rows: n, columns: k) : b.numbers
        var result = ProductReference.product(left, right, m: m, k: k, n: n).map { $0 * Double(op.alpha) }
        guard let c else { return result }
        let extents = [Int](repeating: 1, count: 2 - c.shape.rank) + c.shape.extents, values = c.numbers
        for i in 0..<m {
            for j in 0..<n {
                result[i * n + j] += Double(op.beta) * values[(extents[0] == 1 ? 0 : i) * extents[1] + (extents[1] == 1 ? 0 : j)]
            }
        }
        return result
    }

    @Test("computes alpha·A′·B′ + beta·C for every transposition and every broadcast of C", arguments: sizes.indices)
    func computes(_ index: Int) throws {
        let (m, k, n) = Self.sizes[index]
        for (alpha, beta) in [(1, 1), (0.5, 2), (1, 0)] as [(Float, Float)] {
            for flags in 0..<4 {
                let op = Gemm(alpha: alpha, beta: beta, transposesLeft: flags & 1 != 0, transposesRight: flags & 2 != 0)
                for (position, addend) in Self.addends.enumerated() {
                    try check(op, addend(m, n), (m, k, n), "\((m, k, n)) \(op) addend \(position)")
                }
            }
        }
    }

    private func check(_ op: Gemm, _ addend: [Int]?, _ size: (m: Int, k: Int, n: Int), _ note: String) throws {
        let (m, k, n) = size
        let aShape: Shape = op.transposesLeft ? [k, m] : [m, k], bShape: Shape = op.transposesRight ? [n, k] : [k, n]
        for type in [ElementType.float32, .float64] {
            let make = type == .float32 ? SampleData.floats : SampleData.doubles
            let a = make(aShape, 1), b = make(bShape, 2), c = addend.map { make(Shape($0), 3) }
            let expected = reference(op, a, b, c, m: m, k: k, n: n)
            for constants: Set<Int> in [[], [1, 2]] {
                let inputs = c.map { [a, b, $0] } ?? [a, b]
                for (isa, outputs) in try evaluateOnEveryLevel(op, inputs, constants: constants.intersection(inputs.indices)) {
                    expectClose(outputs[0], expected, shape: [m, n], scale: Double(k), "\(note) \(type) \(isa.name)")
                }
            }
        }
    }

    @Test("multiplies integers")
    func integers() throws {
        let a = Tensor([1, 2, 3, 4] as [Int64], shape: [2, 2]), b = Tensor([5, 6, 7, 8] as [Int64], shape: [2, 2])
        let c = Tensor([10, 20] as [Int64], shape: [2])
        #expect(try evaluate(Gemm(alpha: 2, beta: -1), [a, b, c])[0].values(Int64.self) == [28, 24, 76, 80])
    }

    @Test("refuses what does not fit and says why")
    func refuses() {
        func infer(_ shapes: [[Int]], _ type: ElementType = .float32, _ op: Gemm = Gemm()) throws {
            _ = try op.infer(OperatorInputs(shapes.map { ValueFact(type, Shape($0)) }))
        }
        expectRefusal(["input 0", "3 axes", "matrix"]) { try infer([[1, 2, 3], [3, 4]]) }
        expectRefusal(["input 1", "3 columns meet 4 rows"]) { try infer([[2, 3], [4, 3]]) }
        expectRefusal(["input 2", "[5]", "[2,4]"]) { try infer([[2, 3], [3, 4], [5]]) }
        expectRefusal(["input 2", "broadcast"]) { try infer([[1, 3], [3, 4], [2, 4]]) }
        expectRefusal(["alpha", "0.5", "whole"]) { try infer([[2, 3], [3, 4]], .int32, Gemm(alpha: 0.5)) }
        expectRefusal(["input 0", "int8"]) { try infer([[2, 3], [3, 4]], .int8) }
    }
}
