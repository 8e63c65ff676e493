import GraphIR
import Tensors
import Testing

@testable import Operators

@Suite("SparseList")
struct SparseListTests {
    @Test("keeps what is set through changes of its length", arguments: [0, 1, 31, 32, 33, 1024, 1025, 40_000])
    func lengths(_ count: Int) {
        var list = SparseList<Int>(count: count)
        for place in stride(from: 0, to: count, by: 7) { list[place] = place }
        let before = list
        list.append(-1)
        #expect(list.count == count + 1)
        #expect(list[count] == -1)
        for place in stride(from: 0, to: count, by: 7) { #expect(list[place] == place) }
        if count > 1 { #expect(list[1] == nil) }
        #expect(list.removeLast() == -1)
        list.resize(to: count / 2)
        list.resize(to: count)
        var places: [Int] = []
        list.forEachSet { place, _ in places.append(place) }
        #expect(places == Array(stride(from: 0, to: count / 2, by: 7)))
        #expect(before.count == count)
    }

    @Test("leaves the list alone that a changed one was made of")
    func versions() {
        var list = SparseList<Int>(count: 100)
        list[40] = 1
        var other = list
        other[40] = 2
        #expect(list[40] == 1 && other[40] == 2)
    }
}

@Suite("TensorList operators")
struct TensorListOperatorsTests {
    private let float: [String: Attribute] = ["element_dtype": .type(.float32)]

    private func reserve(_ shape: [Int32], _ count: Int32) throws -> RuntimeValue {
        try TensorFlowOperator("TensorListReserve", float, inputs: 2).run([.integers(shape), .integer(count)])[0]
    }

    @Test("an element that is not set reads as zeros")
    func zeros() throws {
        var list = try reserve([2], 3)
        list = try TensorFlowOperator("TensorListSetItem", float, inputs: 3).run([list, .integer(1), .floats([5, 6])])[0]
        let stacked = try TensorFlowOperator("TensorListStack", float, inputs: 2).run([list, .integers([2])])[0]
        #expect(stacked.floats == [0, 0, 5, 6, 0, 0])
    }

    @Test("refuses places outside, elements that do not fit and sizes that nothing holds")
    func refusals() throws {
        let list = try reserve([2], 3)
        let set = try TensorFlowOperator("TensorListSetItem", float, inputs: 3)
        for place in [-1, 3, Int32.max, Int32.min] {
            #expect(throws: OperatorError.self) { try set.run([list, .integer(place), .floats([1, 2])]) }
        }
        #expect(throws: OperatorError.self) { try set.run([list, .integer(0), .floats([1, 2, 3])]) }
        #expect(throws: OperatorError.self) { try set.run([list, .integer(0), .integers([1, 2])]) }
        #expect(throws: OperatorError.self) { try reserve([2], -1) }
        #expect(throws: OperatorError.self) { try reserve([2], Int32.max) }
        let growing = try TensorFlowOperator(
            "TensorListSetItem", float.merging(["resize_if_index_out_of_bounds": .integer(1)]) { $1 }, inputs: 3)
        #expect(throws: OperatorError.self) { try growing.run([list, .integer(Int32.max), .floats([1, 2])]) }
        let pop = try TensorFlowOperator("TensorListPopBack", float, inputs: 2)
        #expect(throws: OperatorError.self) { try pop.run([try reserve([2], 0), .integers([2])], outputs: 2) }
        let unknown = try reserve([-1], 2)
        #expect(throws: OperatorError.self) {
            try TensorFlowOperator("TensorListStack", float, inputs: 2).run([unknown, .integers([-1])])
        }
    }

    @Test("a million reserved places cost nothing until they are set")
    func sparse() throws {
        var list = try reserve([1], 1_000_000)
        let set = try TensorFlowOperator("TensorListSetItem", float, inputs: 3)
        for place in 0..<1000 { list = try set.run([list, .integer(Int32(place * 999)), .floats([Float(place)])])[0] }
        #expect(list.list?.count == 1_000_000)
        #expect(list.list?.items[999 * 999] != nil && list.list?.items[5] == nil)
    }

    @Test("splits refuse lengths that are not the tensor's")
    func splits() throws {
        let split = try TensorFlowOperator("TensorListSplit", float, inputs: 3)
        for lengths in [[1, 1], [2, 2], [-1, 4], [Int64.max, 3]] as [[Int64]] {
            let sizes = RuntimeValue.tensor(Tensor(lengths, shape: [lengths.count]))
            #expect(throws: OperatorError.self) { try split.run([.floats([1, 2, 3]), .integers([-1]), sizes]) }
        }
    }

    @Test("a TensorArray grows only when it is made to")
    func arrays() throws {
        for grows in [false, true] {
            let made = try TensorFlowOperator("TensorArrayV3", ["dtype": .type(.float32), "dynamic_size": .integer(grows ? 1 : 0)])
                .run([.integer(1)], outputs: 2)
            let write = try TensorFlowOperator("TensorArrayWriteV3", ["T": .type(.float32)], inputs: 4)
            let inputs = [made[0], .integer(2), .floats([7]), made[1]]
            if grows {
                #expect(try write.run(inputs)[0].list?.count == 3)
            } else {
                #expect(throws: OperatorError.self) { try write.run(inputs) }
            }
        }
    }
}
