import GraphIR
import Operators
import Tensors
import Testing

@Suite struct RaggedOperatorTests {
    private let rows = Tensor([Int64(0), 2, 2, 5, 6], shape: [5])
    private let data = Tensor([Int64(1), 2, 3, 4, 5, 6], shape: [6])

    private func numbers(_ values: [Int64]) -> RuntimeValue { .tensor(Tensor(values, shape: [values.count])) }

    private func dense(_ shape: [Int64], _ splits: RuntimeValue) throws -> [Int]? {
        let result = try TensorFlowCase.run(
            "RaggedTensorToTensor", values: [numbers(shape), .tensor(data), .tensor(Tensor(scalar: Int64(0))), splits],
            ["row_partition_types": .strings(["ROW_SPLITS"])])
        return result[0].tensorValue.flatMap(StringOperatorTests.integers)
    }

    @Test("short rows are filled up, long ones cut")
    func toDense() throws {
        #expect(try dense([-1, -1], .tensor(rows)) == [1, 2, 0, 0, 0, 0, 3, 4, 5, 6, 0, 0])
        #expect(try dense([3, 2], .tensor(rows)) == [1, 2, 0, 0, 3, 4])
        #expect(try dense([1, -1], .tensor(rows)) == [1, 2, 0])
    }

    @Test(
        "row splits that descend, begin elsewhere or claim more values are refused",
        arguments: [
            [Int64(0), 3, 2, 6], [0, 9], [0, -1, 6], [], [0, Int64.min], [0, Int64.max],
        ])
    func splits(_ splits: [Int64]) {
        #expect(throws: OperatorError.self) { try dense([-1, -1], numbers(splits)) }
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("RaggedTensorToSparse", values: [numbers(splits), .tensor(data)])
        }
    }

    @Test(
        "a partition must begin with rows or their number",
        arguments: [["VALUE_ROWIDS"], [], ["ROW_LENGTHS"], ["ROW_SPLITS", "FIRST_DIM_SIZE"]])
    func partitions(_ types: [String]) {
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.make("RaggedTensorToTensor", inputs: 4, ["row_partition_types": .strings(types)])
        }
    }

    @Test("ranges that would not end, or not fit, are refused")
    func ranges() throws {
        func range(_ start: Int64, _ limit: Int64, _ step: Int64) throws -> [Int]? {
            let result = try TensorFlowCase.run(
                "RaggedRange", values: [start, limit, step].map { .tensor(Tensor(scalar: $0)) })
            return result[1].tensorValue.flatMap(StringOperatorTests.integers)
        }
        #expect(try range(0, 5, 2) == [0, 2, 4])
        #expect(try range(5, 0, -2) == [5, 3, 1])
        #expect(try range(5, 0, 1) == [])
        #expect(throws: OperatorError.self) { try range(0, 5, 0) }
        #expect(throws: OperatorError.self) { try range(.min, .max, 1) }
        #expect(try range(.min, .max, .max) == [.min, -1, .max - 1])
    }

    @Test("rows come back from variants as they went in")
    func variants() throws {
        let encoded = try TensorFlowCase.run(
            "RaggedTensorToVariant", values: [.tensor(rows), .tensor(data)], ["batched_input": .integer(1)])
        let attributes: [String: Attribute] = [
            "input_ragged_rank": .integer(0), "output_ragged_rank": .integer(1), "Tvalues": TensorFlowCase.type(.int64),
        ]
        let decoded = try TensorFlowCase.run("RaggedTensorFromVariant", values: encoded, attributes)
        #expect(decoded.count == 2)
        #expect(decoded[0].tensorValue.flatMap(StringOperatorTests.integers) == rows.integers)
        #expect(decoded[1].tensorValue.flatMap(StringOperatorTests.integers) == data.integers)
        // Bytes that are no variant.
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("RaggedTensorFromVariant", values: [TensorFlowCase.strings(["junk"], [1])], attributes)
        }
    }
}
