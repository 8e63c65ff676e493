import GraphIR
import Operators
import Tensors
import Testing

@Suite("Gather, GatherElements, GatherND")
struct GatherTests {
    @Test("gathers slices along every axis, in every element type", arguments: ElementType.movable, [-3, -2, -1, 0, 1, 2])
    func gather(_ type: ElementType, _ axis: Int) throws {
        let data = Grid(counting: [3, 4, 5], modulo: type == .bool ? 2 : 100)
        let position = counted(axis, 3)
        for shape in [[], [2], [2, 3], [0]] as [[Int]] {
            let indices = sampleIndices(shape.reduce(1, *), extent: data.shape[position])
            let result = try evaluate(
                indexing("Gather", ["axis": .integer(Int64(axis))]),
                [data.tensor(type), integers(indices, shape: Shape(shape))])[0]
            let chosen = Grid(counting: shape)
            let expected = Grid(Array(data.shape[..<position]) + shape + Array(data.shape[(position + 1)...])) { index in
                let place = indices[Int(chosen[Array(index[position..<position + shape.count])])]
                return data[
                    Array(index[..<position]) + [counted(place, data.shape[position])]
                        + Array(index[(position + shape.count)...])]
            }
            #expect(Grid(result) == expected, "\(shape)")
        }
    }

    @Test("takes int32 indices too")
    func narrowIndices() throws {
        let result = try evaluate(
            indexing("Gather"), [Grid(counting: [3, 2]).tensor(), Tensor([-1, 0] as [Int32], shape: [2])])
        #expect(result[0].numbers == [4, 5, 0, 1])
    }

    @Test("refuses an index out of range, naming index, axis and extent", arguments: [3, -4, .max, .min])
    func outOfRange(_ index: Int) throws {
        let data = Grid(counting: [3, 2]).tensor()
        expectRefusal(["index \(index)", "axis 0", "3"]) { _ = try evaluate(indexing("Gather"), [data, integers([0, index])]) }
        expectRefusal(["index \(index)", "axis 0"]) {
            _ = try evaluate(indexing("GatherElements"), [data, integers([index, 0], shape: [1, 2])])
        }
        expectRefusal(["index \(index)", "axis 0"]) {
            _ = try evaluate(indexing("GatherND"), [data, integers([index], shape: [1, 1])])
        }
    }

    @Test("an empty axis has nothing to choose")
    func emptyAxis() throws {
        let data = Grid(counting: [0, 2]).tensor()
        expectRefusal(["nothing to choose", "extent 0"]) { _ = try evaluate(indexing("Gather"), [data, integers([0])]) }
        #expect(try evaluate(indexing("Gather"), [data, integers([])])[0].shape == [0, 2])
    }

    @Test("gathers single elements along every axis, in every element type", arguments: ElementType.movable, [-1, 0, 1])
    func gatherElements(_ type: ElementType, _ axis: Int) throws {
        let data = Grid(counting: [3, 4, 5], modulo: type == .bool ? 2 : 100)
        let position = counted(axis, 3)
        var shape = [2, 4, 3]
        shape[position] = 6
        let indices = sampleIndices(shape.reduce(1, *), extent: data.shape[position], seed: 3)
        let places = Grid(counting: shape)
        let expected = Grid(shape) { index in
            var source = index
            source[position] = counted(indices[Int(places[index])], data.shape[position])
            return data[source]
        }
        let result = try evaluate(
            indexing("GatherElements", ["axis": .integer(Int64(axis))]),
            [data.tensor(type), integers(indices, shape: Shape(shape))])
        #expect(Grid(result[0]) == expected)
    }

    @Test("refuses index tensors that reach beyond the data")
    func gatherElementsRefusals() throws {
        let data = Grid(counting: [3, 4]).tensor()
        expectRefusal(["extent 5 along axis 1", "only 4"]) {
            _ = try evaluate(indexing("GatherElements"), [data, integers([Int](repeating: 0, count: 5), shape: [1, 5])])
        }
        expectRefusal(["rank 1", "2"]) { _ = try evaluate(indexing("GatherElements"), [data, integers([0])]) }
    }

    @Test("gathers slices by tuples, batch by batch", arguments: [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (2, 1)])
    func gatherND(_ batch: Int, _ length: Int) throws {
        let data = Grid(counting: [2, 3, 4])
        let lead = Array(data.shape[..<batch]) + [5]
        let extents = Array(data.shape[batch..<batch + length])
        var numbers = TestNumbers(seed: 5)
        let tuples = (0..<lead.reduce(1, *)).map { _ in extents.map { Int.random(in: -$0..<$0, using: &numbers) } }
        let order = Grid(counting: lead)
        let slice = Array(data.shape[(batch + length)...])
        let expected = Grid(lead + slice) { index in
            let tuple = tuples[Int(order[Array(index[..<lead.count])])]
            let place = zip(tuple, extents).map { counted($0, $1) }
            return data[Array(index[..<batch]) + place + Array(index[lead.count...])]
        }
        for type in ElementType.movable where type != .bool {
            let result = try evaluate(
                indexing("GatherND", ["batch_dims": .integer(Int64(batch))]),
                [data.tensor(type), integers(tuples.flatMap { $0 }, shape: Shape(lead + [length]))])
            #expect(Grid(result[0]) == expected, "\(type)")
        }
    }

    @Test("refuses tuples that are longer than the data is deep")
    func gatherNDRefusals() throws {
        let data = Grid(counting: [2, 3]).tensor()
        expectRefusal(["tuples of 3", "2 axes"]) {
            _ = try evaluate(indexing("GatherND"), [data, integers([0, 0, 0], shape: [1, 3])])
        }
        expectRefusal(["batch_dims", "2"]) {
            _ = try evaluate(indexing("GatherND", ["batch_dims": .integer(2)]), [data, integers([0], shape: [1, 1])])
        }
    }
}
