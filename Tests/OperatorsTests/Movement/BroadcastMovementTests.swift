import GraphIR
import Operators
import Tensors
import Testing

@Suite("Expand, Tile, DepthToSpace, SpaceToDepth")
struct BroadcastMovementTests {
    @Test(
        "expands like broadcasting",
        arguments: [
            ([3, 1], [2, 1, 6], [2, 3, 6]), ([3, 4], [1], [3, 4]), ([1], [2, 0], [2, 0]), ([], [2, 2], [2, 2]),
            ([2, 1, 3], [2, 5, 3], [2, 5, 3]), ([0, 1], [0, 4], [0, 4]),
        ] as [([Int], [Int], [Int])])
    func expand(_ shape: [Int], _ wanted: [Int], _ result: [Int]) throws {
        for type in ElementType.movable {
            let input = Grid(counting: shape, modulo: type == .bool ? 2 : 100)
            let expected = Grid(result) { index in
                input[zip(shape, index.suffix(shape.count)).map { $0 == 1 ? 0 : $1 }]
            }
            #expect(Grid(try evaluate(movement("Expand"), [input.tensor(type), integers(wanted)])[0]) == expected, "\(type)")
        }
    }

    @Test("refuses shapes that do not broadcast")
    func expandRefusals() {
        let input = Grid(counting: [2, 3]).tensor()
        expectRefusal(["[2,3]", "[4]"]) { _ = try evaluate(movement("Expand"), [input, integers([4])]) }
        expectRefusal(["negative"]) { _ = try evaluate(movement("Expand"), [input, integers([-1, 3])]) }
    }

    @Test(
        "repeats tensors along axes",
        arguments: [
            ([2, 3], [2, 2]), ([2, 3], [1, 3]), ([2, 3], [3, 1]), ([4], [0]), ([2, 1, 3], [1, 4, 2]), ([0, 2], [2, 2]), ([], []),
        ] as [([Int], [Int])])
    func tile(_ shape: [Int], _ repeats: [Int]) throws {
        for type in ElementType.movable {
            let input = Grid(counting: shape, modulo: type == .bool ? 2 : 100)
            let expected = Grid(zip(shape, repeats).map(*)) { index in input[zip(index, shape).map { $0 % $1 }] }
            #expect(Grid(try evaluate(movement("Tile"), [input.tensor(type), integers(repeats)])[0]) == expected, "\(type)")
        }
    }

    @Test("repeats one axis in opset 1")
    func earlyTile() throws {
        let op = try makeOperator("Tile", in: MovementOperators.spellings, version: 1, inputs: 3)
        let inputs = [Grid(counting: [2, 2]).tensor(), integers([2], shape: []), integers([1], shape: [])]
        #expect(try evaluate(op, inputs)[0].numbers == [0, 1, 0, 1, 2, 3, 2, 3])
    }

    @Test("refuses negative and missing repeats")
    func tileRefusals() {
        let input = Grid(counting: [2, 3]).tensor()
        expectRefusal(["negative repeat"]) { _ = try evaluate(movement("Tile"), [input, integers([1, -1])]) }
        expectRefusal(["1 repeats", "rank 2"]) { _ = try evaluate(movement("Tile"), [input, integers([2])]) }
        expectRefusal(["overflow"]) { _ = try evaluate(movement("Tile"), [input, integers([.max, 1])]) }
    }

    /// Where DepthToSpace takes an element from, as the standard's reshape and transpose say.
    static func depthToSpace(_ input: Grid, block: Int, mode: String) -> Grid {
        let channels = input.shape[1] / (block * block)
        return Grid([input.shape[0], channels, input.shape[2] * block, input.shape[3] * block]) { index in
            let place = index[2] % block * block + index[3] % block
            let channel = mode == "DCR" ? place * channels + index[1] : index[1] * block * block + place
            return input[[index[0], channel, index[2] / block, index[3] / block]]
        }
    }

    @Test("moves channels into space and back", arguments: ["DCR", "CRD"], [1, 2, 3])
    func depthSpace(_ mode: String, _ block: Int) throws {
        let input = Grid(counting: [2, 2 * block * block, 2, 3])
        let spread = try makeOperator(
            "DepthToSpace", in: MovementOperators.spellings,
            attributes: ["blocksize": .integer(Int64(block)), "mode": .string(mode)])
        let result = try evaluate(spread, [input.tensor()])[0]
        #expect(Grid(result) == Self.depthToSpace(input, block: block, mode: mode))
        guard mode == "DCR" else { return }
        let gather = try makeOperator(
            "SpaceToDepth", in: MovementOperators.spellings, attributes: ["blocksize": .integer(Int64(block))])
        #expect(Grid(try evaluate(gather, [result])[0]) == input)
    }

    @Test(
        "SpaceToDepth orders blocks as its mode says", arguments: [("DCR", [0, 4, 1, 5, 2, 6, 3, 7]), ("CRD", [0, 1, 2, 3, 4, 5, 6, 7])])
    func spaceToDepthModes(_ mode: String, _ expected: [Double]) throws {
        let op = try makeOperator(
            "SpaceToDepth", in: MovementOperators.spellings, version: 28,
            attributes: ["blocksize": .integer(2), "mode": .string(mode)])
        let result = try evaluate(op, [Tensor([0, 1, 2, 3, 4, 5, 6, 7] as [Float], shape: [1, 2, 2, 2])])[0]
        #expect(result.numbers == expected && result.shape == [1, 8, 1, 1])
    }

    @Test("refuses extents that do not divide by the block")
    func depthSpaceRefusals() throws {
        let op = try makeOperator("DepthToSpace", in: MovementOperators.spellings, attributes: ["blocksize": .integer(2)])
        expectRefusal(["extent 3 along axis 1", "by 4"]) { _ = try evaluate(op, [Grid(counting: [1, 3, 2, 2]).tensor()]) }
        expectRefusal(["rank 3", "expected 4"]) { _ = try evaluate(op, [Grid(counting: [4, 2, 2]).tensor()]) }
        expectRefusal(["blocksize"]) { _ = try makeOperator("SpaceToDepth", in: MovementOperators.spellings) }
    }
}
