import Foundation
import GraphIR
import Operators
import Tensors
import Testing

@Suite("Reductions")
struct ReduceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let shape: Shape
        /// nil when absent.
        let axes: [Int64]?
        var keeps = true
        var testDescription: String { "\(shape) over \(axes.map { "\($0)" } ?? "all")\(keeps ? "" : " dropped")" }
    }

    static let cases: [Case] = [
        Case(shape: [], axes: nil), Case(shape: [1], axes: [0]), Case(shape: [7], axes: nil), Case(shape: [8], axes: [0]),
        Case(shape: [9], axes: [-1], keeps: false), Case(shape: [67], axes: nil), Case(shape: [300], axes: nil, keeps: false),
        Case(shape: [3, 5], axes: [0]), Case(shape: [3, 5], axes: [1]), Case(shape: [4, 16], axes: [0], keeps: false),
        Case(shape: [4, 33], axes: [0]), Case(shape: [300, 19], axes: [0]), Case(shape: [5, 130], axes: [1]),
        Case(shape: [2, 3, 4], axes: [1]), Case(shape: [2, 3, 4], axes: [0, 2]), Case(shape: [2, 3, 4], axes: [1, 2]),
        Case(shape: [2, 3, 4], axes: [2, 0], keeps: false), Case(shape: [2, 3, 4, 5], axes: [0, 2]),
        Case(shape: [2, 3, 4, 5], axes: [1, 3]), Case(shape: [2, 1, 4, 5], axes: [1]),
        Case(shape: [2, 3, 2, 3, 2], axes: [1, 3]),
        Case(shape: [2, 3, 2, 3, 2], axes: [0, 2, 4], keeps: false), Case(shape: [2, 0, 3], axes: [1]),
        Case(shape: [0, 3], axes: [1]),
    ]

    static let functions: [(name: String, f: @Sendable ([Double]) -> Double)] = [
        ("ReduceSum", { $0.reduce(0, +) }), ("ReduceMean", { $0.reduce(0, +) / Double($0.count) }),
        ("ReduceProd", { $0.reduce(1, *) }), ("ReduceMax", { $0.max() ?? -.infinity }), ("ReduceMin", { $0.min() ?? .infinity }),
        ("ReduceL1", { $0.reduce(0) { $0 + abs($1) } }), ("ReduceL2", { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }),
        ("ReduceSumSquare", { $0.reduce(0) { $0 + $1 * $1 } }), ("ReduceLogSum", { log($0.reduce(0, +)) }),
        ("ReduceLogSumExp", { log($0.reduce(0) { $0 + exp($1) }) }),
    ]

    /// Groups of elements in the order of the results, and the result's shape.
    static func groups(_ x: [Double], _ c: Case) -> (shape: Shape, groups: [[Double]]) {
        let rank = c.shape.rank
        let axes = (c.axes ?? Array(0..<Int64(rank))).map { Int($0 < 0 ? $0 + Int64(rank) : $0) }
        let full = Shape(c.shape.extents.enumerated().map { axes.contains($0) ? 1 : $1 })
        var groups = [[Double]](repeating: [], count: full.elementCount)
        for position in 0..<c.shape.elementCount {
            var rest = position, target = 0, stride = 1
            for (axis, extent) in c.shape.extents.enumerated().reversed() {
                if !axes.contains(axis) {
                    target += rest % extent * stride
                    stride *= extent
                }
                rest /= extent
            }
            groups[target].append(x[position])
        }
        let kept = c.shape.extents.enumerated().compactMap { axes.contains($0) ? nil : $1 }
        return (c.keeps ? full : Shape(kept), groups)
    }

    static func make(_ name: String, _ c: Case, version: Int) throws -> (op: any Operator, axes: Tensor?) {
        var attributes: [String: Attribute] = ["keepdims": .integer(c.keeps ? 1 : 0)]
        let isAttribute = version < (name == "ReduceSum" ? 13 : 18)
        if isAttribute, let axes = c.axes { attributes["axes"] = .integers(axes) }
        let op = try makeOperator(name, in: ReductionOperators.spellings, version: version, inputs: 2, attributes: attributes)
        return (op, isAttribute ? nil : c.axes.map { Tensor($0, shape: [$0.count]) })
    }

    @Test("match their definitions on every level, axes as attribute and as input", arguments: cases)
    func definitions(_ c: Case) throws {
        var numbers = TestNumbers(seed: 5)
        let x = numbers.doubles(c.shape.elementCount, in: 0.25...1.5)
        for (name, f) in Self.functions {
            for version in [11, 18] {
                let (op, axes) = try Self.make(name, c, version: version)
                for (type, tolerance) in [(ElementType.float32, 3e-6), (.float64, 1e-12)] {
                    let input = Tensor(x, type, c.shape)
                    let (shape, groups) = Self.groups(input.numbers, c)
                    for (isa, outputs) in try evaluateOnEveryLevel(op, axes.map { [input, $0] } ?? [input]) {
                        #expect(outputs[0].shape == shape)
                        // A product of hundreds of rounded factors strays in proportion to their number.
                        let spread = name == "ReduceProd" ? Double(groups.first?.count ?? 1) / 10 + 1 : 1
                        expectNumbers(
                            outputs[0], groups.map(f), relative: tolerance * spread, absolute: tolerance,
                            "\(name) \(type) \(isa.name)")
                    }
                }
            }
        }
    }

    @Test("sum many floats without losing digits")
    func accuracy() throws {
        var numbers = TestNumbers(seed: 9)
        let x = numbers.doubles(100_000, in: 0...1).map { Double(Float($0)) }
        for c in [
            Case(shape: [1, 100_000], axes: [1]), Case(shape: [100_000, 1], axes: [0]), Case(shape: [50_000, 2], axes: [0]),
        ] {
            let (op, axes) = try Self.make("ReduceSum", c, version: 13)
            for (isa, outputs) in try evaluateOnEveryLevel(op, [Tensor(x, .float32, c.shape), axes]) {
                let expected = Self.groups(x, c).groups.map { $0.reduce(0, +) }
                expectNumbers(outputs[0], expected, relative: 2e-6, "\(c.shape) \(isa.name)")
            }
        }
    }

    @Test("keep NaN and infinities")
    func specials() throws {
        let rows: [[Double]] = [
            [1, .nan, 2], [.infinity, 1, 2], [-.infinity, -.infinity, -.infinity], [.infinity, -.infinity, 0],
        ]
        let expected: [String: [Double]] = [
            "ReduceMax": [.nan, .infinity, -.infinity, .infinity], "ReduceMin": [.nan, 1, -.infinity, -.infinity],
            "ReduceSum": [.nan, .infinity, -.infinity, .nan], "ReduceLogSumExp": [.nan, .infinity, -.infinity, .infinity],
        ]
        for (name, wanted) in expected {
            for type in [ElementType.float32, .float64] {
                let (op, axes) = try Self.make(name, Case(shape: [4, 3], axes: [1]), version: 18)
                for (isa, outputs) in try evaluateOnEveryLevel(op, [Tensor(rows.flatMap(\.self), type, [4, 3]), axes]) {
                    expectNumbers(outputs[0], wanted, "\(name) \(type) \(isa.name)")
                }
                let columns = try Self.make(name, Case(shape: [3, 4], axes: [0]), version: 18)
                let transposed = (0..<12).map { rows[$0 % 4][$0 / 4] }
                for (isa, outputs) in try evaluateOnEveryLevel(columns.op, [Tensor(transposed, type, [3, 4]), columns.axes]) {
                    expectNumbers(outputs[0], wanted, "\(name) of columns \(type) \(isa.name)")
                }
            }
        }
    }

    @Test("reduce integers in their own type", arguments: [ElementType.int32, .int64, .uint32, .uint64])
    func integers(_ type: ElementType) throws {
        let expected: [String: [Double]] = [
            "ReduceSum": [6, 12], "ReduceMean": [2, 4], "ReduceProd": [6, 48], "ReduceMax": [3, 6], "ReduceMin": [1, 2],
            "ReduceL1": [6, 12], "ReduceL2": [3, 7], "ReduceSumSquare": [14, 56], "ReduceLogSum": [1, 2],
            "ReduceLogSumExp": [3, 6],
        ]
        for (name, wanted) in expected {
            let (op, axes) = try Self.make(name, Case(shape: [2, 3], axes: [1]), version: 18)
            #expect(try evaluate(op, [Tensor([1, 2, 3, 2, 4, 6], type, [2, 3]), axes])[0].numbers == wanted, "\(name)")
        }
    }

    @Test("find the extrema of bytes and bools")
    func narrow() throws {
        let axes = Tensor([1] as [Int64], shape: [1])
        let maximum = try makeOperator("ReduceMax", in: ReductionOperators.spellings, inputs: 2)
        let minimum = try makeOperator("ReduceMin", in: ReductionOperators.spellings, inputs: 2)
        let bytes = Tensor([-5, 3, 100, -128], .int8, [2, 2]), bools = Tensor([1, 0, 0, 0, 1, 1], .bool, [3, 2])
        #expect(try evaluate(maximum, [bytes, axes])[0].numbers == [3, 100])
        #expect(try evaluate(minimum, [bytes, axes])[0].numbers == [-5, -128])
        #expect(try evaluate(maximum, [bools, axes])[0].numbers == [1, 0, 1])
        #expect(try evaluate(minimum, [bools, axes])[0].numbers == [0, 0, 1])
    }

    @Test("an empty list of axes means all, or none when the node says so")
    func emptyAxes() throws {
        let x = Tensor([1, -2, 3] as [Float], shape: [3]), none = Tensor([] as [Int64], shape: [0])
        let all = try makeOperator("ReduceSumSquare", in: ReductionOperators.spellings, inputs: 2)
        let nothing = try makeOperator(
            "ReduceSumSquare", in: ReductionOperators.spellings, inputs: 2, attributes: ["noop_with_empty_axes": .integer(1)])
        #expect(try evaluate(all, [x, none])[0].numbers == [14])
        #expect(try evaluate(all, [x, nil])[0].numbers == [14])
        // Only the joining is left out; the square is still taken.
        for (_, outputs) in try evaluateOnEveryLevel(nothing, [x, none]) { #expect(outputs[0].numbers == [1, 4, 9]) }
        #expect(try evaluate(nothing, [x])[0].numbers == [1, 4, 9])
    }

    @Test("know as much of the shape as the axes allow")
    func inference() throws {
        let data = ValueFact(.float32, SymbolicShape([.symbol("n"), .known(3), .unknown]))
        let axes = ValueFact(.int64, [1] as Shape)
        let keeping = try makeOperator("ReduceMean", in: ReductionOperators.spellings, inputs: 2)
        let dropping = try makeOperator(
            "ReduceMean", in: ReductionOperators.spellings, inputs: 2, attributes: ["keepdims": .integer(0)])
        let known = ValueFact(constant: Tensor([1] as [Int64], shape: [1]))
        #expect(try keeping.infer(OperatorInputs([data, known]))[0].shape == SymbolicShape([.symbol("n"), .known(1), .unknown]))
        #expect(try dropping.infer(OperatorInputs([data, known]))[0].shape == SymbolicShape([.symbol("n"), .unknown]))
        #expect(try keeping.infer(OperatorInputs([data, axes]))[0].shape == SymbolicShape([.unknown, .unknown, .unknown]))
        #expect(try dropping.infer(OperatorInputs([data, axes]))[0].shape == SymbolicShape([.unknown, .unknown]))
    }

    @Test("refuse axes outside the rank and axes named twice", arguments: [[2], [-3], [0, 0], [1, -1]] as [[Int64]])
    func refusals(_ axes: [Int64]) throws {
        let op = try makeOperator("ReduceSum", in: ReductionOperators.spellings, version: 13, inputs: 2)
        let x = Tensor([1, 2] as [Float], shape: [1, 2])
        #expect(throws: OperatorError.self) { try evaluate(op, [x, Tensor(axes, shape: [axes.count])]) }
    }
}
