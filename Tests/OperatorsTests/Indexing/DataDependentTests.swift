import GraphIR
import Operators
import Tensors
import Testing

@Suite("NonZero, Compress, Unique")
struct DataDependentTests {
    @Test("finds what is not 0 in every element type", arguments: ElementType.movable)
    func nonZero(_ type: ElementType) throws {
        let data = Tensor([1, 0, 0, 1, 1, 0], type, [2, 3])
        let result = try evaluate(indexing("NonZero"), [data])[0]
        #expect(result.shape == [2, 3] && result.integers == [0, 1, 1, 0, 0, 1])
    }

    @Test("minus zero is zero, NaN is not; scalars and empty tensors have their shapes")
    func nonZeroEdges() throws {
        let op = try indexing("NonZero")
        #expect(try evaluate(op, [Tensor([-0.0, .nan], .float32, [2])])[0].integers == [1])
        #expect(try evaluate(op, [Tensor([5], .float32, [])])[0].shape == [0, 1])
        #expect(try evaluate(op, [Grid(counting: [2, 0]).tensor()])[0].shape == [2, 0])
        let fact = try op.infer(OperatorInputs([ValueFact(.float32, [2, 3] as Shape)]))[0]
        #expect(fact.shape == SymbolicShape([.known(2), .unknown]))
    }

    @Test("keeps the slices whose condition is true")
    func compress() throws {
        let data = Grid(counting: [3, 2])
        func run(_ axis: Int?, _ condition: [Double]) throws -> Tensor {
            let op = try indexing("Compress", axis.map { ["axis": .integer(Int64($0))] } ?? [:])
            return try evaluate(op, [data.tensor(), Tensor(condition, .bool, [condition.count])])[0]
        }
        #expect(Grid(try run(0, [0, 1, 1])) == Grid([2, 2]) { data[[$0[0] + 1, $0[1]]] })
        #expect(Grid(try run(-1, [0, 1])) == Grid([3, 1]) { data[[$0[0], 1]] })
        #expect(try run(nil, [0, 1, 0, 0, 1]).numbers == [1, 4])
        #expect(try run(0, [1]).numbers == [0, 1])
        #expect(try run(0, []).shape == [0, 2])
        expectRefusal(["true at 2", "extent 2"]) { _ = try run(1, [0, 0, 1]) }
        expectRefusal(["input 1 of type int64", "supported are bool"]) {
            _ = try indexing("Compress").infer(
                OperatorInputs([ValueFact(.float32, [2] as Shape), ValueFact(.int64, [2] as Shape)]))
        }
    }

    @Test("finds distinct elements, sorted or in order of occurrence", arguments: ElementType.movable.filter { $0 != .bool })
    func unique(_ type: ElementType) throws {
        let data = Tensor([2, 1, 1, 3, 4, 3], type, [6])
        let sorted = try evaluate(indexing("Unique"), [data], outputs: 4)
        #expect(sorted.map(\.numbers) == [[1, 2, 3, 4], [1, 0, 3, 4], [1, 0, 0, 2, 3, 2], [2, 1, 2, 1]])
        let occurring = try evaluate(indexing("Unique", ["sorted": .integer(0)]), [data], outputs: 4)
        #expect(occurring.map(\.numbers) == [[2, 1, 3, 4], [0, 1, 3, 4], [0, 1, 1, 2, 3, 2], [1, 2, 2, 1]])
    }

    @Test("finds distinct slices along an axis")
    func uniqueSlices() throws {
        let rows = Tensor([1, 0, 0, 1, 0, 0, 2, 3, 4], .float32, [3, 3])
        let byRow = try evaluate(indexing("Unique", ["axis": .integer(0)]), [rows], outputs: 4)
        #expect(byRow[0].numbers == [1, 0, 0, 2, 3, 4] && byRow[0].shape == [2, 3])
        #expect(byRow[2].integers == [0, 0, 1] && byRow[3].integers == [2, 1])
        let byColumn = try evaluate(indexing("Unique", ["axis": .integer(-1)]), [rows], outputs: 2)
        #expect(byColumn.count == 2 && byColumn[0].numbers == [0, 0, 1, 0, 0, 1, 3, 4, 2])
        #expect(byColumn[1].integers == [1, 2, 0])
    }

    @Test("NaN elements are one value, the last")
    func uniqueNaN() throws {
        let result = try evaluate(indexing("Unique"), [Tensor([.nan, 1, .nan], .float32, [3])], outputs: 4)
        #expect(result[0].numbers[0] == 1 && result[0].numbers[1].isNaN && result[3].integers == [1, 2])
    }
}
