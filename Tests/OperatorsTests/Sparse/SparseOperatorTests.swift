import GraphIR
import Operators
import Tensors
import Testing

@Suite struct SparseOperatorTests {
    private func numbers(_ values: [Int64], _ shape: Shape? = nil) -> RuntimeValue {
        .tensor(Tensor(values, shape: shape ?? [values.count]))
    }

    private func floats(_ values: [Float]) -> RuntimeValue { .tensor(Tensor(values, shape: [values.count])) }

    private func matrix(_ indices: [Int64]) -> RuntimeValue { numbers(indices, [indices.count / 2, 2]) }

    private func values(_ result: RuntimeValue) -> [Int]? { result.tensorValue.flatMap(StringOperatorTests.integers) }

    @Test("indices outside of the shape are refused by every operator", arguments: ["SparseReorder", "SparseReduceSum", "SparseSoftmax"])
    func bounds(_ name: String) {
        let inputs = [matrix([0, 0, 5, 1]), floats([1, 2]), numbers([3, 4])] + (name == "SparseReduceSum" ? [numbers([0])] : [])
        #expect(throws: OperatorError.self) { try TensorFlowCase.run(name, values: inputs) }
        let negative = [matrix([0, 0, -1, 1]), floats([1, 2]), numbers([3, 4])] + (name == "SparseReduceSum" ? [numbers([0])] : [])
        #expect(throws: OperatorError.self) { try TensorFlowCase.run(name, values: negative) }
    }

    @Test("indices that repeat or descend are refused when they are to be validated")
    func order() throws {
        for places in [[Int64(3), 1], [1, 1]] {
            let inputs = [numbers(places), numbers([5]), floats([1, 2]), .tensor(Tensor(scalar: Float(0)))]
            #expect(throws: OperatorError.self) { try TensorFlowCase.run("SparseToDense", values: inputs) }
            _ = try TensorFlowCase.run("SparseToDense", values: inputs, ["validate_indices": .integer(0)])
        }
    }

    @Test("a shape of more elements than memory has is refused before it is filled")
    func sizes() {
        let inputs = [numbers([0]), numbers([1 << 40]), floats([1]), RuntimeValue.tensor(Tensor(scalar: Float(0)))]
        #expect(throws: OperatorError.self) { try TensorFlowCase.run("SparseToDense", values: inputs) }
        let reshaped = [matrix([0, 0]), numbers([1 << 40, 1 << 40]), numbers([-1])]
        #expect(throws: OperatorError.self) { try TensorFlowCase.run("SparseReshape", values: reshaped) }
    }

    @Test("one extent of a new shape may be left to be found")
    func reshape() throws {
        let inputs = [matrix([0, 0, 1, 2, 2, 1]), numbers([3, 4]), numbers([-1, 2])]
        let result = try TensorFlowCase.run("SparseReshape", values: inputs)
        #expect(values(result[0]) == [0, 0, 3, 0, 4, 1])
        #expect(values(result[1]) == [6, 2])
        for wanted in [[Int64(5), -1], [-1, -1], [3, 5], [-2, 6]] {
            #expect(throws: OperatorError.self) {
                try TensorFlowCase.run("SparseReshape", values: [matrix([0, 0]), numbers([3, 4]), numbers(wanted)])
            }
        }
    }

    @Test("empty rows get the default")
    func emptyRows() throws {
        let inputs = [
            matrix([2, 1, 0, 3, 2, 0]), floats([1, 2, 3]), numbers([4, 4]), RuntimeValue.tensor(Tensor(scalar: Float(9))),
        ]
        let result = try TensorFlowCase.run("SparseFillEmptyRows", values: inputs)
        #expect(values(result[0]) == [0, 3, 1, 0, 2, 1, 2, 0, 3, 0])
        #expect(values(result[2]) == [0, 1, 0, 1])
        #expect(values(result[3]) == [2, 0, 3])
    }

    @Test("integers are not divided by zero")
    func division() {
        let inputs = [matrix([0, 0]), numbers([7]), numbers([3, 4]), RuntimeValue.tensor(Tensor(scalar: Int64(0)))]
        #expect(throws: OperatorError.self) { try TensorFlowCase.run("SparseDenseCwiseDiv", values: inputs) }
    }

    @Test("counting refuses negative values and weights of another number")
    func counting() {
        let none = floats([])
        #expect(throws: OperatorError.self) { try TensorFlowCase.run("DenseCountSparseOutput", values: [numbers([1, -1]), none]) }
        #expect(throws: OperatorError.self) { try TensorFlowCase.run("DenseCountSparseOutput", values: [numbers([1, 2]), floats([1])]) }
    }

    @Test(
        "sets are sorted and without repetition",
        arguments: [
            ("a-b", [Int(3)]), ("b-a", [9]), ("intersection", [1]), ("union", [1, 3, 9]),
        ])
    func sets(_ operation: String, _ expected: [Int]) throws {
        let result = try TensorFlowCase.run(
            "DenseToDenseSetOperation", values: [numbers([3, 1, 1], [1, 3]), numbers([9, 1], [1, 2])],
            ["set_operation": .string(operation)])
        #expect(values(result[1]) == expected)
        #expect(values(result[2]) == [1, expected.count])
    }

    @Test("a cross of more features than any tensor has is refused")
    func crosses() {
        // Twelve columns of 64 features have 2^72 combinations.
        let column = numbers([Int64](repeating: 1, count: 64), [1, 64])
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run(
                "SparseCross", values: [RuntimeValue](repeating: column, count: 12), ["hashed_output": .integer(1), "N": .integer(0)])
        }
    }
}
