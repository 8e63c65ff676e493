import GraphIR
import Operators
import Tensors
import Testing

/// An operator that reads sizes from the contents of one of its inputs.
struct SizesFromData: Sendable, CustomTestStringConvertible {
    let name: String
    let spellings: [OperatorSpelling]
    var version = 20
    var dialect = Dialect.onnx
    var attributes: [String: Attribute] = [:]
    var outputs = 1
    /// Small inputs that the operator takes.
    let inputs: [Tensor?]
    /// Which of them decide sizes.
    let places: [Int]

    var testDescription: String { "\(name) of opset \(version) \(attributes.keys.sorted())" }

    private static let data = SampleData.floats([2, 3]), empty = SampleData.floats([0, 3])
    private static func list(_ values: Int64...) -> Tensor { Tensor(values, shape: [values.count]) }
    private static func single(_ value: Int64) -> Tensor { Tensor(scalar: value) }
    private static func floats(_ values: Float...) -> Tensor { Tensor(values, shape: [values.count]) }

    static let all: [SizesFromData] = [data, empty].flatMap { movement($0) + generation($0) + pads($0) + resizes($0) } + tensorFlow

    private static func pads(_ data: Tensor) -> [SizesFromData] {
        ["constant", "reflect", "edge", "wrap"].map { mode in
            SizesFromData(
                name: "Pad", spellings: MovementOperators.spellings, attributes: ["mode": .string(mode)],
                inputs: [data, list(0, 1, 0, 1), nil, list(0, 1)], places: [1, 3])
        }
    }

    private static func resizes(_ data: Tensor) -> [SizesFromData] {
        var cases: [SizesFromData] = []
        for mode in ["nearest", "linear", "cubic"] {
            for policy in ["stretch", "not_larger", "not_smaller"] {
                let attributes: [String: Attribute] = [
                    "mode": .string(mode), "keep_aspect_ratio_policy": .string(policy), "antialias": .integer(1),
                ]
                cases.append(
                    SizesFromData(
                        name: "Resize", spellings: MovementOperators.spellings, attributes: attributes,
                        inputs: [data, nil, nil, list(Int64(data.shape[0]), 5)], places: [3]))
            }
        }
        return cases
    }

    private static func movement(_ data: Tensor) -> [SizesFromData] {
        let spellings = MovementOperators.spellings
        let cases: [SizesFromData] = [
            SizesFromData(
                name: "Slice", spellings: spellings, inputs: [data, list(0, 0), list(2, 3), list(0, 1), list(1, 1)],
                places: [1, 2, 3, 4]),
            SizesFromData(name: "Tile", spellings: spellings, inputs: [data, list(1, 2)], places: [1]),
            SizesFromData(name: "Tile", spellings: spellings, version: 1, inputs: [data, single(2), single(1)], places: [1, 2]),
            SizesFromData(name: "Expand", spellings: spellings, inputs: [SampleData.floats([1, 3]), list(2, 3)], places: [1]),
            SizesFromData(name: "Expand", spellings: spellings, inputs: [data, list(4, 1, 1)], places: [1]),
            SizesFromData(name: "Split", spellings: spellings, outputs: 2, inputs: [data, list(1, 1)], places: [1]),
            SizesFromData(name: "Reshape", spellings: spellings, inputs: [data, list(3, 2)], places: [1]),
            SizesFromData(
                name: "Reshape", spellings: spellings, attributes: ["allowzero": .integer(1)], inputs: [data, list(2, 3)],
                places: [1]),
            SizesFromData(name: "Squeeze", spellings: spellings, inputs: [SampleData.floats([1, 3]), list(0)], places: [1]),
            SizesFromData(name: "Unsqueeze", spellings: spellings, inputs: [data, list(0, 3)], places: [1]),
            SizesFromData(
                name: "Resize", spellings: spellings, attributes: ["mode": .string("linear")],
                inputs: [data, nil, floats(1, 2)], places: [2]),
            SizesFromData(name: "Upsample", spellings: spellings, version: 9, inputs: [data, floats(1, 2)], places: [1]),
        ]
        return cases
    }

    private static func generation(_ data: Tensor) -> [SizesFromData] {
        [
            SizesFromData(
                name: "Range", spellings: GenerationOperators.spellings, inputs: [single(0), single(4), single(1)], places: [0, 1, 2]),
            SizesFromData(
                name: "Range", spellings: GenerationOperators.spellings,
                inputs: [Tensor(scalar: 0 as Float), Tensor(scalar: 4 as Float), Tensor(scalar: 1 as Float)], places: [0, 1, 2]),
            SizesFromData(name: "ConstantOfShape", spellings: GenerationOperators.spellings, inputs: [list(2, 3, 0)], places: [0]),
            SizesFromData(
                name: "OneHot", spellings: IndexingOperators.spellings, inputs: [list(0, 1), single(3), floats(0, 1)], places: [1]),
            SizesFromData(name: "TopK", spellings: IndexingOperators.spellings, outputs: 2, inputs: [data, list(2)], places: [1]),
            SizesFromData(name: "Trilu", spellings: IndexingOperators.spellings, inputs: [data, single(0)], places: [1]),
            SizesFromData(name: "ReduceSum", spellings: ReductionOperators.spellings, inputs: [data, list(0, 1)], places: [1]),
            SizesFromData(name: "CumSum", spellings: ReductionOperators.spellings, inputs: [data, single(0)], places: [1]),
        ]
    }

    func op() throws -> any Operator {
        try makeOperator(
            name, in: spellings, dialect: dialect, version: dialect == .onnx ? version : 0, inputs: inputs.count, outputs: outputs,
            attributes: attributes)
    }

    /// The input with `number` in place of element `position`.
    func input(_ place: Int, with number: Int64, at position: Int) throws -> Tensor {
        let tensor = try #require(inputs[place])
        if tensor.elementType == .float32 {
            var values = tensor.values(Float.self)
            values[position] = Float(number)
            return Tensor(values, shape: tensor.shape)
        }
        var values = tensor.values(Int64.self)
        values[position] = number
        return Tensor(values, shape: tensor.shape)
    }
}

@Suite("Extreme numbers in data")
struct ExtremeDataTests {
    @Test("are refused or give a sound shape, in every position", arguments: SizesFromData.all)
    func contents(_ sizes: SizesFromData) throws {
        let op = try sizes.op(), facts = sizes.inputs.map { $0.map(ValueFact.init(constant:)) }
        let isTaken = ExtremeNumbers.meet(op, facts, outputs: sizes.outputs, "as they are")
        #expect(isTaken || sizes.inputs[0]?.elementCount == 0, "the case itself is refused")
        for place in sizes.places {
            for position in 0..<(sizes.inputs[place]?.elementCount ?? 0) {
                for number in ExtremeNumbers.all {
                    var changed = facts
                    changed[place] = ValueFact(constant: try sizes.input(place, with: number, at: position))
                    ExtremeNumbers.meet(op, changed, outputs: sizes.outputs, "\(number) at \(position) of input \(place)")
                }
            }
        }
    }

    @Test("are refused or give a sound shape while the data's extents are not known", arguments: SizesFromData.all)
    func unknownExtents(_ sizes: SizesFromData) throws {
        let op = try sizes.op()
        for place in sizes.places {
            for position in 0..<(sizes.inputs[place]?.elementCount ?? 0) {
                for number in ExtremeNumbers.all {
                    var facts = sizes.inputs.map { $0.map(ValueFact.init(constant:)) }
                    if let data = sizes.inputs[0], place != 0 {
                        let open = [Dimension](repeating: .unknown, count: data.shape.rank)
                        facts[0] = ValueFact(data.elementType, SymbolicShape(open))
                    }
                    facts[place] = ValueFact(constant: try sizes.input(place, with: number, at: position))
                    ExtremeNumbers.meet(op, facts, outputs: sizes.outputs, "\(number) at \(position) of input \(place)")
                }
            }
        }
    }

    @Test("are refused as the length of a list that is not there yet", arguments: SizesFromData.all)
    func listLengths(_ sizes: SizesFromData) throws {
        let op = try sizes.op()
        for place in sizes.places {
            for number in ExtremeNumbers.all where number > 0 {
                var facts = sizes.inputs.map { $0.map { ValueFact($0.spec.type) } }
                facts[place] = facts[place].map { ValueFact($0.elementType, SymbolicShape([.known(Int(number))])) }
                ExtremeNumbers.meet(op, facts, outputs: sizes.outputs, "\(number) numbers in input \(place)")
            }
        }
    }
}
