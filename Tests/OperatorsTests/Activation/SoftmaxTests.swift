import Foundation
import GraphIR
import Operators
import Tensors
import Testing

@Suite("Softmax, LogSoftmax, Hardmax")
struct SoftmaxTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let shape: Shape
        let axis: Int
        var version = 13
        var testDescription: String { "\(shape) axis \(axis) opset \(version)" }
    }

    static let cases: [Case] = [
        Case(shape: [], axis: -1), Case(shape: [1], axis: 0), Case(shape: [5, 0], axis: 1), Case(shape: [0, 5], axis: 1),
        Case(shape: [3, 4], axis: -1), Case(shape: [3, 7], axis: 1), Case(shape: [3, 8], axis: 1), Case(shape: [3, 9], axis: 1),
        Case(shape: [2, 17], axis: 1), Case(shape: [2, 100], axis: 1), Case(shape: [5, 3], axis: 0),
        Case(shape: [3, 4, 5], axis: 1), Case(shape: [2, 6, 16], axis: 1), Case(shape: [2, 6, 33], axis: -2),
        Case(shape: [2, 3, 4, 5], axis: 0),
        Case(shape: [2, 3, 4], axis: 1, version: 11), Case(shape: [2, 3, 4], axis: 0, version: 11),
        Case(shape: [2, 3, 4], axis: 3, version: 11), Case(shape: [2, 3, 4], axis: -1, version: 11),
    ]

    /// The lines of a tensor as lists of element positions.
    static func lines(_ c: Case) -> [[Int]] {
        let rank = c.shape.rank
        let axis = c.axis < 0 ? c.axis + rank : c.axis
        let lineAxes = rank == 0 ? [] : c.version < 13 ? Array(axis..<rank) : [axis]
        var groups: [[Int]: [Int]] = [:]
        for position in 0..<c.shape.elementCount {
            var rest = position, key: [Int] = []
            for (axis, extent) in c.shape.extents.enumerated().reversed() {
                if !lineAxes.contains(axis) { key.append(rest % extent) }
                rest /= extent
            }
            groups[key, default: []].append(position)
        }
        return Array(groups.values)
    }

    static func reference(_ name: String, _ x: [Double], _ c: Case) -> [Double] {
        var y = [Double](repeating: 0, count: x.count)
        for line in lines(c) {
            let top = line.map { x[$0] }.max() ?? 0
            let sum = line.reduce(0) { $0 + exp(x[$1] - top) }
            let first = line.first { x[$0] == top }
            for at in line {
                switch name {
                case "Softmax": y[at] = exp(x[at] - top) / sum
                case "LogSoftmax": y[at] = x[at] - top - log(sum)
                default: y[at] = at == first ? 1 : 0
                }
            }
        }
        return y
    }

    @Test("match their definitions on every level", arguments: cases, ["Softmax", "LogSoftmax", "Hardmax"])
    func definitions(_ c: Case, _ name: String) throws {
        var numbers = TestNumbers(seed: 11)
        let x = numbers.doubles(c.shape.elementCount, in: -6...6)
        let op = try makeOperator(
            name, in: ActivationOperators.spellings, version: c.version, attributes: ["axis": .integer(Int64(c.axis))])
        for (type, tolerance) in [(ElementType.float32, 1e-6), (.float64, 1e-14), (.float16, 2e-3)] {
            let input = Tensor(x, type, c.shape)
            let expected = Self.reference(name, input.numbers, c)
            for (isa, outputs) in try evaluateOnEveryLevel(op, [input]) {
                #expect(outputs[0].shape == c.shape)
                expectNumbers(outputs[0], expected, relative: tolerance, absolute: tolerance / 2, "\(type) \(isa.name)")
            }
        }
    }

    @Test("stay finite for large numbers, ignore −inf beside numbers, and give NaN for a line of −inf")
    func extremes() throws {
        let x = Tensor(
            [1e30, 1e30, -1e30, -.infinity, 0, -.infinity, -.infinity, -.infinity, -.infinity] as [Float], shape: [3, 3])
        let expected: [Double] = [0.5, 0.5, 0, 0, 1, 0, .nan, .nan, .nan]
        for (isa, outputs) in try evaluateOnEveryLevel(makeOperator("Softmax", in: ActivationOperators.spellings), [x]) {
            expectNumbers(outputs[0], expected, isa.name)
        }
        let columns = try makeOperator("Softmax", in: ActivationOperators.spellings, attributes: ["axis": .integer(0)])
        let transposed = Tensor(
            [1e30, -.infinity, -.infinity, 1e30, 0, -.infinity, -1e30, -.infinity, -.infinity] as [Float], shape: [3, 3])
        for (isa, outputs) in try evaluateOnEveryLevel(columns, [transposed]) {
            expectNumbers(outputs[0], [0.5, 0, .nan, 0.5, 1, .nan, 0, 0, .nan], isa.name)
        }
    }

    @Test("refuse an axis outside the rank")
    func badAxis() throws {
        let op = try makeOperator("Softmax", in: ActivationOperators.spellings, attributes: ["axis": .integer(2)])
        let error = #expect(throws: OperatorError.self) { try evaluate(op, [Tensor([1] as [Float], shape: [1, 1])]) }
        #expect(error?.description == "input 0 has rank 2, axis 2 is outside -2...1")
    }
}
