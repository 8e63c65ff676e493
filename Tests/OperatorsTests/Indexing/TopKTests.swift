import GraphIR
import Operators
import Tensors
import Testing

@Suite("TopK")
struct TopKTests {
    @Test("gives the best elements in order, of equal ones the earlier", arguments: [true, false], [-1, 0, 1])
    func selects(_ largest: Bool, _ axis: Int) throws {
        let shape = [4, 9, 3], position = counted(axis, 3)
        var numbers = TestNumbers(seed: 4)
        let values = numbers.wholes(shape.reduce(1, *), in: 0...6)
        for type in ElementType.movable where type != .bool {
            let data = Grid(Tensor(values, type, Shape(shape)))
            for count in [0, 1, 3, shape[position]] {
                var result = shape
                result[position] = count
                let op = try indexing(
                    "TopK", ["axis": .integer(Int64(axis)), "largest": .integer(largest ? 1 : 0)])
                let outputs = try evaluate(op, [data.tensor(type), integers([count])], outputs: 2)
                var ranked = Grid(counting: result)
                for index in Grid.indices(result) {
                    let order = (0..<shape[position]).sorted { left, right in
                        func value(_ place: Int) -> Double {
                            var index = index
                            index[position] = place
                            return data[index]
                        }
                        let a = value(left), b = value(right)
                        return a == b ? left < right : (a > b) == largest
                    }
                    ranked[index] = Double(order[index[position]])
                }
                #expect(Grid(outputs[1]) == ranked, "\(type) \(count)")
                let expected = Grid(result) { index in
                    var source = index
                    source[position] = Int(ranked[index])
                    return data[source]
                }
                #expect(Grid(outputs[0]) == expected, "\(type) \(count)")
            }
        }
    }

    @Test("NaN counts as the largest")
    func nan() throws {
        let data = Tensor([1, .nan, 3], .float32, [3])
        #expect(try evaluate(indexing("TopK"), [data, integers([2])], outputs: 2)[1].integers == [1, 2])
        let smallest = try indexing("TopK", ["largest": .integer(0)])
        #expect(try evaluate(smallest, [data, integers([2])], outputs: 2)[1].integers == [0, 2])
    }

    @Test("reads k from an attribute before opset 10")
    func attribute() throws {
        let op = try makeOperator(
            "TopK", in: IndexingOperators.spellings, version: 1, outputs: 2, attributes: ["k": .integer(2)])
        #expect(try evaluate(op, [Tensor([3, 9, 5], .float32, [3])], outputs: 2)[0].numbers == [9, 5])
    }

    @Test("refuses a k that the axis has not")
    func refusals() throws {
        let data = Tensor([3, 9, 5], .float32, [3])
        expectRefusal(["k is 4", "only 3"]) { _ = try evaluate(indexing("TopK"), [data, integers([4])], outputs: 2) }
        expectRefusal(["not negative"]) { _ = try evaluate(indexing("TopK"), [data, integers([-1])], outputs: 2) }
    }
}
