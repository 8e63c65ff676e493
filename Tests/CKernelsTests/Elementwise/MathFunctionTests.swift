import CKernels
import Foundation
import Testing

@Suite("Elementary functions")
struct MathFunctionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Permitted error in units of the last place.
        let ulps: Double
        /// Results below it are judged by their distance in units of its last place.
        var floor: Double = 0
        let kernel: @Sendable (apus_elementwise_kernels) -> apus_map_f32
        let f: @Sendable (Double) -> Double
        var testDescription: String { name }
    }

    static func sigmoid(_ x: Double) -> Double { x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)) }
    static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
    /// The limit at −inf of functions x·factor(x) whose factor vanishes faster than x grows.
    static func vanishing(_ x: Double, _ factor: Double) -> Double { x == -.infinity ? 0 : x * factor }

    static let cases: [Case] = [
        Case(name: "exp", ulps: 1.1, kernel: { $0.exp_f32 }, f: { exp($0) }),
        Case(name: "log", ulps: 1, kernel: { $0.log_f32 }, f: { log($0) }),
        Case(name: "tanh", ulps: 1.5, kernel: { $0.tanh_f32 }, f: { tanh($0) }),
        Case(name: "sigmoid", ulps: 2.5, kernel: { $0.sigmoid_f32 }, f: sigmoid),
        Case(name: "erf", ulps: 1.5, kernel: { $0.erf_f32 }, f: { erf($0) }),
        Case(name: "softplus", ulps: 2.5, kernel: { $0.softplus_f32 }, f: softplus),
        Case(
            name: "softsign", ulps: 1.6, kernel: { $0.softsign_f32 },
            f: { $0.isInfinite ? ($0 > 0 ? 1 : -1) : $0 / (1 + abs($0)) }),
        Case(
            name: "gelu", ulps: 4, floor: 0.25, kernel: { $0.gelu_f32 }, f: { vanishing($0, 0.5 * erfc(-$0 / 2.0.squareRoot())) }),
        Case(
            name: "gelu by tanh", ulps: 4, floor: 0.25, kernel: { $0.gelu_tanh_f32 },
            f: { vanishing($0, sigmoid(2 * (2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }),
        Case(name: "silu", ulps: 4, floor: 0x1p-100, kernel: { $0.silu_f32 }, f: { vanishing($0, sigmoid($0)) }),
        Case(name: "mish", ulps: 6, floor: 0x1p-100, kernel: { $0.mish_f32 }, f: { vanishing($0, tanh(softplus($0))) }),
        Case(
            name: "hard swish", ulps: 5, floor: 0.25, kernel: { $0.hard_swish_f32 },
            f: { vanishing($0, min(max($0 / 6 + 0.5, 0), 1)) }),
        Case(name: "sqrt", ulps: 0.5, kernel: { $0.sqrt_f32 }, f: { $0.squareRoot() }),
        Case(name: "reciprocal", ulps: 0.5, kernel: { $0.reciprocal_f32 }, f: { 1 / $0 }),
        Case(name: "floor", ulps: 0, kernel: { $0.floor_f32 }, f: { $0.rounded(.down) }),
        Case(name: "ceil", ulps: 0, kernel: { $0.ceil_f32 }, f: { $0.rounded(.up) }),
        Case(name: "round", ulps: 0, kernel: { $0.round_f32 }, f: { $0.rounded(.toNearestOrEven) }),
        Case(name: "relu", ulps: 0, kernel: { $0.relu_f32 }, f: { $0 < 0 ? 0 : $0 }),
    ]

    /// Floats all over the number line, denormals and NaNs included, dense where the functions bend, and the edges.
    static let arguments: [Float] = {
        let everywhere = stride(from: UInt32(0), to: .max - 50_000, by: 49_999).map(Float.init(bitPattern:))
        let middle = (0..<60_000).map { Float($0 - 30_000) / 2_500 }
        let wide = (0..<30_000).map { Float($0 - 15_000) / 135 }
        let small = (0..<20_000).map { Float($0 - 10_000) / 10_000 }
        let edges: [Float] = [
            0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
            .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 88.72283, 88.72284, -87.33654, -103.97207, -103.97208, 0x1p+23,
            0.5, 2.5,
        ]
        return everywhere + middle + wide + small + edges
    }()

    @Test("stay within their error bound over the whole number line, on every level", arguments: cases)
    func errors(_ c: Case) {
        let x = Self.arguments
        let expected = x.map { c.f(Double($0)) }
        for table in KernelTables.available {
            var y = [Float](repeating: 0, count: x.count)
            c.kernel(table.pointee.elementwise)(&y, x, x.count)
            var worst = (error: 0.0, index: -1)
            for i in x.indices {
                let error = Self.error(y[i], expected[i], floor: c.floor)
                if error > worst.error { worst = (error, i) }
            }
            guard worst.error > c.ulps else { continue }
            let i = worst.index
            Issue.record(
                "\(KernelTables.name(table)): \(c.name)(\(x[i])) is \(y[i]), expected \(expected[i]): \(worst.error) ulp")
        }
    }

    /// The distance in units of the last place of the wanted float; infinite where one is special and the other is not.
    static func error(_ found: Float, _ wanted: Double, floor: Double) -> Double {
        let rounded = Float(wanted)
        if rounded.isNaN || found.isNaN { return rounded.isNaN && found.isNaN ? 0 : .infinity }
        if rounded.isInfinite || found.isInfinite { return rounded == found ? 0 : .infinity }
        return abs(Double(found) - wanted) / Double(max(rounded.magnitude, Float(floor)).ulp)
    }

    @Test("give the same in place and at every length around the vector width", arguments: cases)
    func lengths(_ c: Case) {
        for table in KernelTables.available {
            let kernel = c.kernel(table.pointee.elementwise)
            for count in KernelTables.counts(table) {
                let x = (0..<count).map { Float($0) / 3 - 5 }
                // One element more than the kernel may touch.
                var apart = [Float](repeating: -77, count: count + 1), inPlace = x + [-77]
                kernel(&apart, x, count)
                inPlace.withUnsafeMutableBufferPointer { kernel($0.baseAddress!, $0.baseAddress!, count) }
                #expect(apart == inPlace || zip(apart, inPlace).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
                #expect(apart[count] == -77)
                for i in 0..<count {
                    let error = Self.error(apart[i], c.f(Double(x[i])), floor: c.floor)
                    #expect(error <= c.ulps, "\(KernelTables.name(table)) \(count): element \(i)")
                }
            }
        }
    }
}
