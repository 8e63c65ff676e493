import GraphIR
import Operators
import Tensors
import Testing

@Suite("TensorFlow's choices by index")
struct TensorFlowIndexingTests {
    private func list(_ values: Int32...) -> Tensor { Tensor(values, shape: [values.count]) }
    private let data = Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [3, 2])

    @Test("do not count from the end", arguments: [-1, 3] as [Int32])
    func range(_ index: Int32) {
        expectRefusal(["index \(index)"]) {
            _ = try TensorFlowCase.run("GatherV2", [data, list(0, index), Tensor(scalar: Int32(0))])
        }
        expectRefusal(["index \(index)"]) {
            _ = try TensorFlowCase.run("GatherNd", [data, Tensor([index], shape: [1, 1])])
        }
        expectRefusal(["index \(index)"]) {
            _ = try TensorFlowCase.run(
                "TensorScatterAdd", [data, Tensor([index], shape: [1, 1]), Tensor([1, 1] as [Float], shape: [1, 2])])
        }
    }

    @Test("leave out what is outside where the model wants it")
    func ignored() throws {
        let attributes: [String: Attribute] = ["bad_indices_policy": .string("IGNORE")]
        let places = Tensor([7, 1] as [Int32], shape: [2, 1])
        #expect(try TensorFlowCase.run("GatherNd", [data, places], attributes)[0].numbers == [0, 0, 2, 3])
        let updates = Tensor([9, 9, 8, 8] as [Float], shape: [2, 2])
        #expect(try TensorFlowCase.run("TensorScatterUpdate", [data, places, updates], attributes)[0].numbers == [0, 1, 8, 8, 4, 5])
    }

    @Test("add what falls on one place; truth values are joined")
    func scatter() throws {
        let places = Tensor([1, 1] as [Int32], shape: [2, 1])
        #expect(try TensorFlowCase.run("ScatterNd", [places, Tensor([2, 3] as [Float], shape: [2]), list(3)])[0].numbers == [0, 5, 0])
        #expect(
            try TensorFlowCase.run("ScatterNd", [places, Tensor([true, true], shape: [2]), list(2)])[0].values(Bool.self)
                == [false, true])
    }

    @Test("an index outside gives no hot place")
    func oneHot() throws {
        let result = try TensorFlowCase.run(
            "OneHot", [list(1, -1, 5), Tensor(scalar: Int32(2)), Tensor(scalar: Float(1)), Tensor(scalar: Float(0))])[0]
        #expect(result.numbers == [0, 1, 0, 0, 0, 0])
    }

    @Test("partition and stitch")
    func partition() throws {
        let parts = try TensorFlowCase.run(
            "DynamicPartition", [data, list(1, 0, 1)], outputs: 2, ["num_partitions": .integer(2)])
        #expect(parts[0].numbers == [2, 3] && parts[1].numbers == [0, 1, 4, 5])
        expectRefusal(["part 2"]) {
            _ = try TensorFlowCase.run(
                "DynamicPartition", [data, list(1, 0, 2)], outputs: 2, ["num_partitions": .integer(2)])
        }
        let stitched = try TensorFlowCase.run(
            "DynamicStitch", [list(0, 3), list(3), Tensor([1, 2] as [Float], shape: [2]), Tensor([5] as [Float], shape: [1])])[0]
        #expect(stitched.numbers == [1, 0, 0, 5])
        expectRefusal(["index -1"]) {
            _ = try TensorFlowCase.run("DynamicStitch", [list(-1), Tensor([1] as [Float], shape: [1])])
        }
    }

    @Test("distinct elements come in the order of their first appearance, each NaN by itself")
    func distinct() throws {
        let x = Tensor([.nan, 1, .nan, -0.0, 0] as [Float], shape: [5])
        let result = try TensorFlowCase.run("UniqueWithCounts", [x], outputs: 3)
        #expect(result[0].elementCount == 4)
        #expect(result[1].numbers == [0, 1, 2, 3, 3] && result[2].numbers == [1, 1, 1, 2])
        let words = try TensorFlowCase.run(
            "ListDiff", values: [TensorFlowCase.strings(["b", "a", "b"], [3]), TensorFlowCase.strings(["a"], [1])])
        guard case .strings(let kept) = words[0] else {
            Issue.record("no strings")
            return
        }
        #expect(kept.elements == [Array("b".utf8), Array("b".utf8)])
    }

    @Test("places are the indices of what is not 0")
    func places() throws {
        let result = try TensorFlowCase.run("Where", [Tensor([0, .nan, -0.0, 2] as [Float], shape: [2, 2])])[0]
        #expect(result.shape == [2, 2] && result.numbers == [0, 1, 1, 1])
        expectRefusal(["scalar"]) {
            _ = try TensorFlowCase.make("Where", inputs: 1).infer(OperatorInputs([ValueFact(.bool, Shape.scalar)]))
        }
    }

    @Test("permutations have to be some, and positions inside")
    func refusals() {
        expectRefusal(["twice"]) { _ = try TensorFlowCase.run("InvertPermutation", [list(0, 0)]) }
        expectRefusal(["24"]) { _ = try TensorFlowCase.run("UnravelIndex", [list(24), list(3, 4, 2)]) }
        expectRefusal(["depth"]) {
            _ = try TensorFlowCase.run(
                "OneHot", [list(0), Tensor(scalar: Int32(-1)), Tensor(scalar: Float(1)), Tensor(scalar: Float(0))])
        }
    }

    @Test("the n-th element, and where values belong in sorted rows")
    func ranks() throws {
        let x = Tensor([5, 1, 4, 2, 3] as [Float], shape: [1, 5])
        #expect(try TensorFlowCase.run("NthElement", [x, Tensor(scalar: Int32(1))])[0].numbers == [2])
        #expect(try TensorFlowCase.run("NthElement", [x, Tensor(scalar: Int32(1))], ["reverse": .integer(1)])[0].numbers == [4])
        let sorted = Tensor([1, 3, 3, 5] as [Float], shape: [1, 4]), values = Tensor([3] as [Float], shape: [1, 1])
        #expect(try TensorFlowCase.run("LowerBound", [sorted, values])[0].numbers == [1])
        #expect(try TensorFlowCase.run("UpperBound", [sorted, values])[0].numbers == [3])
    }
}
