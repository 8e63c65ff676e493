import GraphIR
import Operators
import Tensors
import Testing

@Suite("TensorFlow's slices and joints")
struct StridedSliceTests {
    /// 0 … 11 as [3, 4].
    static let grid = Tensor((0..<12).map(Float.init), shape: [3, 4])

    struct Cut: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let begin: [Int32]
        let end: [Int32]
        let strides: [Int32]
        var masks: [String: Int64] = [:]
        let shape: Shape
        let values: [Double]
    }

    static let cuts: [Cut] = [
        Cut(
            testDescription: "x[1:]", begin: [1], end: [0], strides: [1], masks: ["end": 1], shape: [2, 4],
            values: [4, 5, 6, 7, 8, 9, 10, 11]),
        Cut(testDescription: "x[-1]", begin: [-1], end: [0], strides: [1], masks: ["shrink_axis": 1], shape: [4], values: [8, 9, 10, 11]),
        Cut(
            testDescription: "x[..., 0]", begin: [0, 0], end: [0, 1], strides: [1, 1], masks: ["ellipsis": 1, "shrink_axis": 2],
            shape: [3], values: [0, 4, 8]),
        Cut(
            testDescription: "x[0, None, ::-2]", begin: [0, 0, 0], end: [1, 0, 0], strides: [1, 1, -2],
            masks: ["shrink_axis": 1, "new_axis": 2, "begin": 4, "end": 4], shape: [1, 2], values: [3, 1]),
        Cut(testDescription: "x[5:9]", begin: [5], end: [9], strides: [1], shape: [0, 4], values: []),
        Cut(
            testDescription: "x[-100:100:2]", begin: [-100], end: [100], strides: [2], shape: [2, 4],
            values: [0, 1, 2, 3, 8, 9, 10, 11]),
        Cut(testDescription: "x[2:0:-1, 1:2]", begin: [2, 1], end: [0, 2], strides: [-1, 1], shape: [2, 1], values: [9, 5]),
    ]

    @Test("take what Python's brackets take", arguments: cuts)
    func cut(_ cut: Cut) throws {
        let lists = [cut.begin, cut.end, cut.strides].map { Tensor($0, shape: [$0.count]) }
        var attributes: [String: Attribute] = [:]
        for (name, mask) in cut.masks { attributes[name + "_mask"] = .integer(mask) }
        let result = try TensorFlowCase.run("StridedSlice", [Self.grid] + lists, attributes)[0]
        #expect(result.shape == cut.shape)
        #expect(result.numbers == cut.values)
    }

    @Test("refuse strides of 0, single indices outside and too many bounds")
    func refusals() {
        func list(_ values: Int32...) -> Tensor { Tensor(values, shape: [values.count]) }
        expectRefusal(["stride"]) { _ = try TensorFlowCase.run("StridedSlice", [Self.grid, list(0), list(1), list(0)]) }
        expectRefusal(["index 3", "axis 0"]) {
            _ = try TensorFlowCase.run("StridedSlice", [Self.grid, list(3), list(4), list(1)], ["shrink_axis_mask": .integer(1)])
        }
        expectRefusal(["3 axes"]) {
            _ = try TensorFlowCase.run("StridedSlice", [Self.grid, list(0, 0, 0), list(1, 1, 1), list(1, 1, 1)])
        }
        expectRefusal(["ellipsis"]) {
            _ = try TensorFlowCase.make("StridedSlice", inputs: 4, ["ellipsis_mask": .integer(3)])
        }
    }

    @Test("put a value into the box that they take")
    func update() throws {
        func list(_ values: Int32...) -> Tensor { Tensor(values, shape: [values.count]) }
        let result = try TensorFlowCase.run(
            "TensorStridedSliceUpdate",
            [Self.grid, list(0, 3), list(3, 0), list(2, -2), Tensor([-1, -2, -3, -4] as [Float], shape: [2, 2])])[0]
        #expect(result.numbers == [0, -2, 2, -1, 4, 5, 6, 7, 8, -4, 10, -3])
    }

    @Test("roll and reverse")
    func turning() throws {
        let x = Tensor([1, 2, 3] as [Float], shape: [3])
        let shift = Tensor(scalar: Int32(-4)), axis = Tensor(scalar: Int32(0))
        #expect(try TensorFlowCase.run("Roll", [x, shift, axis])[0].numbers == [2, 3, 1])
        #expect(try TensorFlowCase.run("ReverseV2", [x, Tensor([-1] as [Int32], shape: [1])])[0].numbers == [3, 2, 1])
    }

    @Test("stack, split by lengths and join by offsets")
    func joints() throws {
        let a = Tensor([1, 2] as [Float], shape: [2]), b = Tensor([3, 4] as [Float], shape: [2])
        #expect(try TensorFlowCase.run("Pack", [a, b], ["axis": .integer(1)])[0].numbers == [1, 3, 2, 4])
        let parts = try TensorFlowCase.run(
            "SplitV", [Self.grid, Tensor([1, -1] as [Int64], shape: [2]), Tensor(scalar: Int32(1))], outputs: 2,
            ["num_split": .integer(2)])
        #expect(parts[0].numbers == [0, 4, 8] && parts[1].shape == [3, 3])
        expectRefusal(["sum"]) {
            _ = try TensorFlowCase.run(
                "SplitV", [Self.grid, Tensor([1, 2] as [Int64], shape: [2]), Tensor(scalar: Int32(1))], outputs: 2,
                ["num_split": .integer(2)])
        }
    }

    @Test("refuse numbers among strings")
    func mixedElements() throws {
        let op = try #require(try TensorFlowCase.make("ConcatV2", inputs: 3) as? any ElementMover)
        let facts = [
            ValueFact(.string, [2]), ValueFact(.int64, [2]), ValueFact(constant: Tensor(scalar: Int32(0))),
        ]
        #expect(throws: OperatorError.self) { try StringElements(op).infer(OperatorInputs(facts)) }
    }
}
