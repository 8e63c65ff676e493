import GraphIR
import Operators
import Tensors
import Testing

/// An operator with a window and the attributes that describe it.
struct WindowedOperator: Sendable, CustomTestStringConvertible {
    let name: String
    let spellings: [OperatorSpelling]
    let attributes: [String: [Int64]]
    let weights: Shape?

    var testDescription: String { name }

    static let all: [WindowedOperator] = [
        WindowedOperator(name: "Conv", spellings: ConvolutionOperators.spellings, attributes: plain, weights: [4, 2, 3, 3]),
        WindowedOperator(name: "ConvTranspose", spellings: ConvolutionOperators.spellings, attributes: transposed, weights: [2, 4, 3, 3]),
        WindowedOperator(name: "MaxPool", spellings: PoolingOperators.spellings, attributes: plain, weights: nil),
        WindowedOperator(name: "AveragePool", spellings: PoolingOperators.spellings, attributes: plain, weights: nil),
        WindowedOperator(name: "LpPool", spellings: PoolingOperators.spellings, attributes: plain, weights: nil),
    ]

    private static let plain: [String: [Int64]] = [
        "strides": [1, 1], "dilations": [1, 1], "pads": [1, 1, 1, 1], "kernel_shape": [3, 3],
    ]
    private static let transposed: [String: [Int64]] = plain.merging(["output_padding": [0, 0], "output_shape": [5, 5]]) { $1 }

    func meet(_ values: [String: [Int64]], autoPadding: String, extent: Int, _ note: String) throws {
        var attributes = self.attributes.merging(values) { $1 }.mapValues(Attribute.integers)
        attributes["auto_pad"] = .string(autoPadding)
        let x = ValueFact(.float32, SymbolicShape([1, 2, extent, extent].map(Dimension.known)))
        let inputs = [x] + (weights.map { [ValueFact(constant: SampleData.floats($0))] } ?? [])
        guard let op = try ExtremeNumbers.made({ try makeOperator(name, in: spellings, inputs: inputs.count, attributes: attributes) })
        else { return }
        ExtremeNumbers.meet(op, inputs, "\(note), \(autoPadding), extent \(extent)")
    }
}

@Suite("Extreme numbers in attributes")
struct ExtremeAttributeTests {
    private static let paddings = ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"]
    private static let extents = [0, 1, 5, 1 << 24, 1 << 31, 1 << 48, Int.max]
    /// The largest value that windows take, and what is beyond.
    private static let numbers: [Int64] = [1 << 24] + ExtremeNumbers.all

    @Test("windows are refused or have a sound result", arguments: WindowedOperator.all)
    func windows(_ windowed: WindowedOperator) throws {
        for (name, values) in windowed.attributes {
            for position in values.indices {
                for number in Self.numbers {
                    var changed = values
                    changed[position] = number
                    for padding in Self.paddings {
                        for extent in Self.extents {
                            try windowed.meet(
                                [name: changed], autoPadding: padding, extent: extent, "\(name) with \(number) at \(position)")
                        }
                    }
                }
            }
        }
    }

    @Test("windows in which everything is large are refused or have a sound result", arguments: WindowedOperator.all)
    func largeWindows(_ windowed: WindowedOperator) throws {
        let names = windowed.attributes.keys.sorted()
        // Every choice of attributes that are as large as they may be.
        for choice in 0..<1 << names.count {
            var values: [String: [Int64]] = [:]
            for (index, name) in names.enumerated() where choice >> index & 1 == 1 {
                values[name] = windowed.attributes[name]?.map { _ in 1 << 24 }
            }
            for padding in Self.paddings {
                for extent in Self.extents {
                    try windowed.meet(values, autoPadding: padding, extent: extent, "large \(values.keys.sorted())")
                }
            }
        }
    }

    @Test("windows made in code are held to the same limits as those of files")
    func windowsOfCode() throws {
        let x = ValueFact(.float32, [1, 2, 9, 9] as Shape), weights = ValueFact(.float32, [4, 2, 3, 3] as Shape)
        for number in ExtremeNumbers.all.map(Int.init) {
            let windows = [
                WindowAttributes(strides: [number, 1]), WindowAttributes(dilations: [1, number]),
                WindowAttributes(pads: [0, 0, number, 0]), WindowAttributes(kernel: [3, number]),
            ]
            for window in windows {
                expectRefusal(["\(number)"]) { _ = try Conv(window: window).infer(OperatorInputs([x, weights])) }
            }
        }
    }

    /// An operator, one of its attributes with a value that it takes, and its inputs.
    private struct Other {
        let name: String
        let spellings: [OperatorSpelling]
        let version: Int
        let attribute: String
        let value: Attribute
        let inputs: [Tensor]

        init(
            _ name: String, _ spellings: [OperatorSpelling], _ version: Int, _ attribute: String, _ value: Attribute, _ inputs: [Tensor]
        ) {
            (self.name, self.spellings, self.version) = (name, spellings, version)
            (self.attribute, self.value, self.inputs) = (attribute, value, inputs)
        }
    }

    private static let others: [Other] = {
        let square = SampleData.floats([4, 4]), image = SampleData.floats([1, 4, 2, 2]), vector = SampleData.floats([4])
        let index = Tensor([1] as [Int64], shape: [1]), pointwise = SampleData.floats([4, 4, 1, 1])
        let recurrent = [SampleData.floats([2, 1, 3]), SampleData.floats([1, 4, 3]), SampleData.floats([1, 4, 1])]
        let movement = MovementOperators.spellings, indexing = IndexingOperators.spellings
        let list: [Other] = [
            Other("DepthToSpace", movement, 20, "blocksize", .integer(2), [image]),
            Other("SpaceToDepth", movement, 20, "blocksize", .integer(2), [image]),
            Other("Flatten", movement, 20, "axis", .integer(1), [square]),
            Other("Concat", movement, 20, "axis", .integer(1), [square, square]),
            Other("Transpose", movement, 20, "perm", .integers([1, 0]), [square]),
            Other("Shape", movement, 20, "start", .integer(0), [square]),
            Other("Shape", movement, 20, "end", .integer(1), [square]),
            Other("Split", movement, 20, "axis", .integer(0), [square]),
            Other("Split", movement, 11, "split", .integers([4]), [square]),
            Other("Split", movement, 20, "num_outputs", .integer(1), [square]),
            Other("Unsqueeze", movement, 11, "axes", .integers([0]), [square]),
            Other("Squeeze", movement, 11, "axes", .integers([0]), [image]),
            Other("Slice", movement, 9, "starts", .integers([0, 0]), [square]),
            Other("Pad", movement, 9, "pads", .integers([0, 0, 0, 0]), [square]),
            Other("Reshape", movement, 1, "shape", .integers([2, 8]), [square]),
            Other("Gather", indexing, 20, "axis", .integer(0), [square, index]),
            Other("GatherND", indexing, 20, "batch_dims", .integer(0), [square, index]),
            Other("TopK", indexing, 9, "k", .integer(1), [square]),
            Other("TopK", indexing, 9, "axis", .integer(1), [square]),
            Other("EyeLike", indexing, 20, "k", .integer(0), [square]),
            Other("Softmax", ActivationOperators.spellings, 20, "axis", .integer(1), [square]),
            Other("ArgMax", ReductionOperators.spellings, 20, "axis", .integer(1), [square]),
            Other("ReduceMean", ReductionOperators.spellings, 17, "axes", .integers([0, 1]), [square]),
            Other("LRN", NormalizationOperators.spellings, 20, "size", .integer(3), [image]),
            Other("GroupNormalization", NormalizationOperators.spellings, 21, "num_groups", .integer(2), [image, vector, vector]),
            Other("LayerNormalization", NormalizationOperators.spellings, 20, "axis", .integer(-1), [square, vector]),
            Other("Conv", ConvolutionOperators.spellings, 20, "group", .integer(1), [image, pointwise]),
            Other("LSTM", RecurrentOperators.spellings, 20, "hidden_size", .integer(1), recurrent),
            Other("LinearRegressor", ClassicalOperators.spellings, 3, "targets", .integer(1), [square]),
        ]
        return list
    }()

    @Test("other attributes are refused or have a sound result", arguments: others.indices)
    func attributes(_ index: Int) throws {
        let other = Self.others[index]
        let (name, version, attribute, inputs) = (other.name, other.version, other.attribute, other.inputs)
        var required: [String: Attribute] = [:]
        if name == "Slice" { required["ends"] = .integers([2, 2]) }
        if name == "TopK" { required["k"] = .integer(1) }
        if name == "LinearRegressor" { required["coefficients"] = .floats([1, 2, 3, 4]) }
        func op(_ value: Attribute) throws -> (any Operator)? {
            try ExtremeNumbers.made {
                let attributes = required.merging([attribute: value]) { $1 }
                if other.spellings.first?.domain == "ai.onnx.ml" { return try classical(name, attributes, version: version) }
                return try makeOperator(name, in: other.spellings, version: version, inputs: inputs.count, attributes: attributes)
            }
        }
        let facts = inputs.map(ValueFact.init(constant:))
        #expect(ExtremeNumbers.meet(try #require(try op(other.value)), facts, "as it is"), "the case itself is refused")
        for number in [1 << 24] + ExtremeNumbers.all {
            for position in 0..<(other.value.count ?? 1) {
                guard let op = try op(other.value.putting(number, at: position)) else { continue }
                ExtremeNumbers.meet(op, facts, "\(name), \(attribute) \(number)")
                ExtremeNumbers.meet(op, inputs.map { ValueFact($0.elementType, nil) }, "\(name) of unknown rank, \(attribute) \(number)")
            }
        }
    }
}

extension Attribute {
    /// How many integers it lists; nil for a single one.
    fileprivate var count: Int? {
        if case .integers(let values) = self { values.count } else { nil }
    }

    fileprivate func putting(_ number: Int64, at position: Int) -> Attribute {
        guard case .integers(var values) = self else { return .integer(number) }
        values[position] = number
        return .integers(values)
    }
}
