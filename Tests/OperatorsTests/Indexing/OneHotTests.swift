import GraphIR
import Operators
import Tensors
import Testing

@Suite("OneHot, Trilu, EyeLike, ReverseSequence")
struct OneHotTests {
    static func oneHot(_ indices: Tensor, depth: Tensor, axis: Int = -1, values: Tensor) throws -> Tensor {
        try evaluate(
            indexing("OneHot", ["axis": .integer(Int64(axis))]), [indices, depth, values], constants: [1])[0]
    }

    @Test("switches on the indexed place; indices outside switch nothing on")
    func oneHot() throws {
        let result = try Self.oneHot(integers([1, -1, 3, -4]), depth: integers([3]), values: Tensor([2, 5], .float32, [2]))
        #expect(result.shape == [4, 3])
        #expect(result.numbers == [2, 5, 2, 2, 2, 5, 2, 2, 2, 2, 2, 2])
    }

    @Test(
        "inserts the depth at any axis and takes numbers of any type", arguments: [ElementType.int32, .uint8, .float32, .float64])
    func axes(_ type: ElementType) throws {
        let indices = Tensor([0, 2, 1, 1], type, [2, 2])
        for axis in [0, 1, 2, -1] {
            let result = try Self.oneHot(
                indices, depth: Tensor([3], .float32, []), axis: axis, values: Tensor([0, 1], .int8, [2]))
            let position = counted(axis, 3)
            var shape = [2, 2]
            shape.insert(3, at: position)
            let expected = Grid(shape) { index in
                var source = index
                let place = source.remove(at: position)
                return Grid(indices)[source] == Double(place) ? 1 : 0
            }
            #expect(Grid(result) == expected, "axis \(axis)")
        }
    }

    @Test("an unknown depth gives an unknown extent; a negative one is refused")
    func depth() throws {
        let op = try indexing("OneHot")
        let facts = [ValueFact(.int64, [2] as Shape), ValueFact(.int64, [1] as Shape), ValueFact(.float32, [2] as Shape)]
        #expect(try op.infer(OperatorInputs(facts))[0].shape == SymbolicShape([.known(2), .unknown]))
        let values = Tensor([0, 1], .float32, [2])
        expectRefusal(["depth"]) { _ = try Self.oneHot(integers([0]), depth: integers([-2]), values: values) }
        expectRefusal(["depth"]) { _ = try Self.oneHot(integers([0]), depth: Tensor([.nan], .float32, []), values: values) }
    }

    @Test("keeps a triangle in every element type", arguments: ElementType.movable)
    func trilu(_ type: ElementType) throws {
        let data = Grid(counting: [2, 3, 4], modulo: type == .bool ? 2 : 50)
        for upper in [true, false] {
            for k in [-9, -2, -1, 0, 1, 3, 9, .max, .min] {
                let expected = Grid(data.shape) { index in
                    let distance = index[2] - index[1]
                    return (upper ? distance >= k : distance <= k) ? data[index] : 0
                }
                let op = try indexing("Trilu", ["upper": .integer(upper ? 1 : 0)])
                let result = try evaluate(op, [data.tensor(type), integers([k], shape: [])])[0]
                #expect(Grid(result) == expected, "\(upper) \(k)")
            }
        }
    }

    @Test("makes a diagonal of ones of the asked type", arguments: ElementType.movable)
    func eyeLike(_ type: ElementType) throws {
        for k in [-5, -1, 0, 2, .max] {
            let op = try indexing("EyeLike", ["k": .integer(Int64(k))])
            let result = try evaluate(op, [Grid(counting: [3, 4], modulo: 2).tensor(type)])[0]
            #expect(Grid(result) == Grid([3, 4]) { $0[1] - $0[0] == k ? 1 : 0 }, "\(k)")
        }
        let typed = try evaluate(indexing("EyeLike", ["dtype": .integer(7)]), [Grid(counting: [1, 1]).tensor(type)])
        #expect(typed[0].elementType == .int64)
        expectRefusal(["dtype", "99"]) { _ = try indexing("EyeLike", ["dtype": .integer(99)]) }
    }

    @Test("reverses the beginning of each sequence", arguments: [0, 1])
    func reverseSequence(_ timeAxis: Int) throws {
        let shape = timeAxis == 0 ? [4, 3, 2] : [3, 4, 2], data = Grid(counting: shape), lengths = [0, 2, 4]
        let op = try indexing(
            "ReverseSequence", ["time_axis": .integer(Int64(timeAxis)), "batch_axis": .integer(Int64(1 - timeAxis))])
        let expected = Grid(shape) { index in
            var source = index
            let length = lengths[index[1 - timeAxis]]
            if index[timeAxis] < length { source[timeAxis] = length - 1 - index[timeAxis] }
            return data[source]
        }
        #expect(Grid(try evaluate(op, [data.tensor(), integers(lengths)])[0]) == expected)
        expectRefusal(["length 5", "sequence 1"]) { _ = try evaluate(op, [data.tensor(), integers([1, 5, 1])]) }
        expectRefusal(["input 1", "expected [3]"]) { _ = try evaluate(op, [data.tensor(), integers([1, 1])]) }
    }
}
