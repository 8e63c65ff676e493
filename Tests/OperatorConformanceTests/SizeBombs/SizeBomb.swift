import GraphIR
import Tensors
import Testing

/// A model whose result is as large as the contents of its only input, `s`, say.
struct SizeBomb: Sendable, CustomTestStringConvertible {
    let name: String
    let nodes: [SourceNode]
    var constants: [(name: String, value: Tensor)] = []
    var output = "y"
    /// The input that names a size.
    var input: @Sendable (Int64) -> Tensor = { Tensor([$0], shape: [1]) }
    /// Elements of the result for a size that is computed.
    var elementCount: @Sendable (Int) -> Int = { $0 }
    /// Bytes of a run's results for each unit of the size; nil when they do not grow in proportion to it.
    var bytesPerUnit: Int? = 4

    var testDescription: String { name }

    var source: SourceGraph {
        let spec = input(1).spec
        return SourceGraph(
            name: name, dialect: .onnx, inputs: [SourceValue(name: "s", type: TensorType(spec.elementType, SymbolicShape(spec.shape)))],
            outputs: [SourceValue(name: output, type: nil as ValueType?)],
            initializers: constants.map { ($0.name, .dense($0.value)) }, nodes: nodes)
    }

    /// The same with the size as a constant.
    func source(constant: Tensor) -> SourceGraph {
        var source = source
        source.inputs = []
        source.initializers.append(("s", .dense(constant)))
        return source
    }

    static let all: [SizeBomb] = fills + movements + resizes + indexing + loops
}

// MARK: Operators that read a size

extension SizeBomb {
    private static let one = ("one", Tensor([1] as [Float], shape: [1]))
    /// `s` bytes of ones, of which other operators take as many as there are.
    private static let ones = node(
        "ConstantOfShape", ["s"], ["ones"], ["value": .tensor(Tensor([1] as [Int8], shape: [1]))])

    private static let fills: [SizeBomb] = [
        SizeBomb(name: "ConstantOfShape", nodes: [node("ConstantOfShape", ["s"], ["y"])]),
        SizeBomb(
            name: "ConstantOfShape of three axes", nodes: [node("ConstantOfShape", ["s"], ["y"])],
            input: { Tensor([$0, $0, $0], shape: [3]) }, elementCount: { $0 * $0 * $0 }, bytesPerUnit: nil),
        SizeBomb(
            name: "Range of int64", nodes: [node("Range", ["zero", "s", "step"], ["y"])],
            constants: [("zero", Tensor([0] as [Int64], shape: [1])), ("step", Tensor([1] as [Int64], shape: [1]))], bytesPerUnit: 8),
        SizeBomb(
            name: "Range of float32", nodes: [node("Range", ["zero", "s", "one"], ["y"])],
            constants: [one, ("zero", Tensor([0] as [Float], shape: [1]))], input: { Tensor([Float($0)], shape: [1]) }),
    ]

    private static let movements: [SizeBomb] =
        [
            SizeBomb(name: "Expand", nodes: [node("Expand", ["one", "s"], ["y"])], constants: [one]),
            SizeBomb(
                name: "Expand along two axes", nodes: [node("Expand", ["one", "s"], ["y"])], constants: [one],
                input: { Tensor([$0, $0], shape: [2]) }, elementCount: { $0 * $0 }, bytesPerUnit: nil),
            SizeBomb(name: "Tile", nodes: [node("Tile", ["one", "s"], ["y"])], constants: [one]),
            SizeBomb(
                name: "Tile along two axes", nodes: [node("Tile", ["square", "s"], ["y"])],
                constants: [("square", Tensor([1] as [Float], shape: [1, 1]))], input: { Tensor([$0, $0], shape: [2]) },
                elementCount: { $0 * $0 }, bytesPerUnit: nil),
        ]
        + ["constant", "edge", "wrap"].map { mode in
            SizeBomb(
                name: "Pad, \(mode)", nodes: [node("Pad", ["one", "s"], ["y"], ["mode": .string(mode)])], constants: [one],
                input: { Tensor([0, $0], shape: [2]) }, elementCount: { $0 + 1 })
        }

    private static let resizes: [SizeBomb] =
        ["nearest", "linear", "cubic"].map { mode in
            SizeBomb(
                name: "Resize to sizes, \(mode)", nodes: [node("Resize", ["one", "", "", "s"], ["y"], ["mode": .string(mode)])],
                constants: [one], bytesPerUnit: mode == "nearest" ? 4 : nil)
        } + [
            SizeBomb(
                name: "Resize by scales", nodes: [node("Resize", ["one", "", "s"], ["y"])], constants: [one],
                input: { Tensor([Float($0)], shape: [1]) }),
            SizeBomb(
                name: "Upsample", nodes: [node("Upsample", ["one", "s"], ["y"], version: 9)], constants: [one],
                input: { Tensor([Float($0)], shape: [1]) }),
        ]

    private static let indexing: [SizeBomb] = [
        SizeBomb(
            name: "OneHot", nodes: [node("OneHot", ["places", "s", "values"], ["y"])],
            constants: [("places", Tensor([0, 1] as [Int64], shape: [2])), ("values", Tensor([0, 1] as [Float], shape: [2]))],
            elementCount: { $0 * 2 }, bytesPerUnit: 8),
        SizeBomb(
            name: "TopK", nodes: [node("TopK", ["four", "s"], ["y", "places"])],
            constants: [("four", Tensor([1, 2, 3, 4] as [Float], shape: [4]))], bytesPerUnit: nil),
        SizeBomb(
            name: "NonZero of what has the size", nodes: [ones, node("NonZero", ["ones"], ["y"])], bytesPerUnit: 9),
        SizeBomb(
            name: "Compress of what has the size",
            nodes: [
                ones, node("Cast", ["ones"], ["chosen"], ["to": .integer(9)]), node("Compress", ["ones", "chosen"], ["y"]),
            ], bytesPerUnit: 2),
        SizeBomb(
            name: "Unique of what has the size", nodes: [ones, node("Unique", ["ones"], ["values", "first", "y"])],
            // The lists that find the groups count as well.
            bytesPerUnit: 65),
        SizeBomb(
            name: "ArrayFeatureExtractor by as many indices",
            nodes: [
                node("ConstantOfShape", ["s"], ["places"], ["value": .tensor(Tensor([0] as [Int64], shape: [1]))]),
                node("ArrayFeatureExtractor", ["one", "places"], ["y"], version: 3, domain: "ai.onnx.ml"),
            ], constants: [one], bytesPerUnit: 8),
    ]
}

// MARK: Operators that repeat a body

extension SizeBomb {
    private static let rowLength = 4096
    private static let row = ("row", Tensor([Float](repeating: 1, count: rowLength), shape: [rowLength]))

    // Parts of a scan output are collected where the output lies; what is carried is there twice, before and after a round.
    private static let loops: [SizeBomb] = [
        SizeBomb(
            name: "Loop with a scan output",
            nodes: [
                node(
                    "Loop", ["s", ""], ["y"],
                    [
                        "body": body(
                            ["i", "c"], ["c", "part"],
                            [node("Cast", ["i"], ["f"], ["to": .integer(1)]), node("Add", ["row", "f"], ["part"])])
                    ])
            ], constants: [row], elementCount: { $0 * rowLength }, bytesPerUnit: rowLength * 4),
        SizeBomb(
            name: "Loop that collects scalars",
            nodes: [node("Loop", ["s", ""], ["y"], ["body": body(["i", "c"], ["c", "part"], [node("Identity", ["i"], ["part"])])])],
            bytesPerUnit: 8),
        SizeBomb(
            name: "Loop with a carried value that doubles",
            nodes: [
                node(
                    "Loop", ["s", "", "one"], ["y"],
                    ["body": body(["i", "c", "v"], ["c", "w"], [node("Concat", ["v", "v"], ["w"], ["axis": .integer(0)])])])
            ], constants: [one], elementCount: { 1 << $0 }, bytesPerUnit: nil),
        SizeBomb(
            name: "Loop with a carried value that grows",
            nodes: [
                node(
                    "Loop", ["s", "", "row"], ["y"],
                    ["body": body(["i", "c", "v"], ["c", "w"], [node("Concat", ["v", "row"], ["w"], ["axis": .integer(0)])])])
            ], constants: [row], elementCount: { ($0 + 1) * rowLength }, bytesPerUnit: rowLength * 8),
        SizeBomb(
            name: "Scan along what has the size",
            nodes: [
                node("Expand", ["one", "s"], ["steps"]),
                node(
                    "Scan", ["steps"], ["y"],
                    ["num_scan_inputs": .integer(1), "body": body(["e"], ["part"], [node("Add", ["row", "e"], ["part"])])]),
            ], constants: [one, row], elementCount: { $0 * rowLength }, bytesPerUnit: rowLength * 4),
    ]

    private static func body(_ inputs: [String], _ outputs: [String], _ nodes: [SourceNode]) -> Attribute {
        .graph(
            SourceGraph(
                name: "body", dialect: .onnx, inputs: inputs.map { SourceValue(name: $0, type: nil as ValueType?) },
                outputs: outputs.map { SourceValue(name: $0, type: nil as ValueType?) }, nodes: nodes))
    }

    private static func node(
        _ name: String, _ inputs: [String], _ outputs: [String], _ attributes: [String: Attribute] = [:], version: Int = 17,
        domain: String = ""
    ) -> SourceNode {
        SourceNode(
            name: "the \(name)", domain: domain, operatorName: name, version: version, inputs: inputs, outputs: outputs,
            attributes: attributes)
    }
}
