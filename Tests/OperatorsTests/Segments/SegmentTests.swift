import GraphIR
import Operators
import Tensors
import Testing

@Suite("Segments")
struct SegmentTests {
    static let data = Tensor([1, 2, 3, -4] as [Float], shape: [4])

    static let sorted: [(String, [Double])] = [
        ("SegmentSum", [3, 0, -1]), ("SegmentMean", [1.5, 0, -0.5]), ("SegmentProd", [2, 1, -12]), ("SegmentMin", [1, 0, -4]),
        ("SegmentMax", [2, 0, 3]),
    ]

    @Test("give a segment without slices 0, and a product of none 1", arguments: sorted)
    func inOrder(_ name: String, _ expected: [Double]) throws {
        expectNumbers(try TensorFlowCase.run(name, [Self.data, Tensor([0, 0, 2, 2] as [Int32], shape: [4])])[0], expected, name)
    }

    @Test("refuse ids that are not in order, below 0, or too many", arguments: [[0, 2, 1, 3], [-1, 0, 0, 1], [0, 0, 0]] as [[Int32]])
    func ids(_ ids: [Int32]) {
        #expect(throws: OperatorError.self) { try TensorFlowCase.run("SegmentSum", [Self.data, Tensor(ids, shape: [ids.count])]) }
    }

    @Test("refuse a last id that no memory could hold the result of", arguments: [Int64.max, 1 << 60])
    func lastID(_ id: Int64) {
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("SegmentSum", [Self.data, Tensor([0, 1, 2, id], shape: [4])])
        }
    }

    static let unsorted: [(String, [Double])] = [
        ("UnsortedSegmentSum", [-2, 2, 0]), ("UnsortedSegmentProd", [-8, 2, 1]),
        ("UnsortedSegmentMax", [2, 2, -Double(Float.greatestFiniteMagnitude)]),
        ("UnsortedSegmentMin", [-4, 2, Double(Float.greatestFiniteMagnitude)]),
    ]

    @Test("in no order leave out what has an id below 0", arguments: unsorted)
    func inNoOrder(_ name: String, _ expected: [Double]) throws {
        let data = Tensor([2, 2, 3, -4] as [Float], shape: [4])
        let result = try TensorFlowCase.run(
            name, [data, Tensor([0, 1, -1, 0] as [Int64], shape: [4]), Tensor(scalar: Int32(3))])
        expectNumbers(result[0], expected, name)
    }

    @Test("in no order refuse ids of the count and more, and counts that do not fit")
    func unsortedRefusals() {
        let ids = Tensor([0, 1, 2, 5] as [Int32], shape: [4])
        for count in [3, -1, 1 << 60] as [Int64] {
            #expect(throws: OperatorError.self) {
                try TensorFlowCase.run("UnsortedSegmentSum", [Self.data, ids, Tensor(scalar: count)])
            }
        }
    }

    @Test("of chosen slices are joined, averaged and scaled")
    func sparse() throws {
        let places = Tensor([3, 0, 0] as [Int32], shape: [3]), ids = Tensor([0, 0, 2] as [Int32], shape: [3])
        expectNumbers(try TensorFlowCase.run("SparseSegmentSum", [Self.data, places, ids])[0], [-3, 0, 1])
        expectNumbers(try TensorFlowCase.run("SparseSegmentMean", [Self.data, places, ids])[0], [-1.5, 0, 1])
        let counted = try TensorFlowCase.run(
            "SparseSegmentSqrtNWithNumSegments", [Self.data, places, ids, Tensor(scalar: Int32(4))])
        expectNumbers(counted[0], [-3 / 2.0.squareRoot(), 0, 1, 0], relative: 1e-6)
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("SparseSegmentSum", [Self.data, Tensor([4, 0, 0] as [Int32], shape: [3]), ids])
        }
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("SparseSegmentSumWithNumSegments", [Self.data, places, ids, Tensor(scalar: Int32(2))])
        }
    }
}
