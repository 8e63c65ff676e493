import GraphIR
import Operators
import Tensors
import Testing

@Suite("Transpose")
struct TransposeTests {
    static func permutations(_ count: Int) -> [[Int]] {
        count == 0
            ? [[]]
            : permutations(count - 1).flatMap { rest in
                (0...rest.count).map { place in Array(rest[..<place]) + [count - 1] + Array(rest[place...]) }
            }
    }

    static func reference(_ input: Grid, _ permutation: [Int]) -> Grid {
        Grid(permutation.map { input.shape[$0] }) { index in
            var source = [Int](repeating: 0, count: index.count)
            for (axis, from) in permutation.enumerated() { source[from] = index[axis] }
            return input[source]
        }
    }

    @Test(
        "moves every element for every permutation",
        arguments: [
            [], [5], [3, 4], [1, 7], [17, 33], [2, 3, 4], [3, 1, 5], [40, 2, 19], [2, 3, 4, 5], [2, 1, 3, 1], [2, 0, 3],
            [2, 3, 1, 2, 3],
        ])
    func everyPermutation(_ shape: [Int]) throws {
        for permutation in Self.permutations(shape.count) {
            let input = Grid(counting: shape)
            let op = try transpose(permutation)
            #expect(Grid(try evaluate(op, [input.tensor()])[0]) == Self.reference(input, permutation), "\(permutation)")
        }
    }

    @Test("moves elements of every width", arguments: ElementType.movable)
    func everyType(_ type: ElementType) throws {
        let input = Grid(counting: [3, 20, 5], modulo: type == .bool ? 2 : 100)
        for permutation in Self.permutations(3) {
            let result = try evaluate(transpose(permutation), [input.tensor(type)])[0]
            #expect(Grid(result) == Self.reference(input, permutation), "\(permutation)")
        }
    }

    @Test("reverses the axes without a permutation")
    func reverses() throws {
        let op = try makeOperator("Transpose", in: MovementOperators.spellings)
        let input = Grid(counting: [2, 3, 4])
        #expect(Grid(try evaluate(op, [input.tensor()])[0]) == Self.reference(input, [2, 1, 0]))
    }

    @Test(
        "copies nothing when only axes of extent 1 move",
        arguments: [
            ([1, 5, 1, 4], [1, 0, 3, 2], true), ([3, 1, 4], [1, 0, 2], true), ([3, 2, 1], [2, 1, 0], false),
        ])
    func views(_ shape: [Int], _ permutation: [Int], _ isView: Bool) throws {
        let spec = TensorSpec(.float32, Shape(shape))
        let op = try transpose(permutation)
        let output = try #require(try op.infer(OperatorInputs([ValueFact(spec.type)]))[0].concrete)
        let compiled = try op.compile(CompileContext(inputs: [spec], outputs: [output], constants: [nil]))
        switch compiled.body {
        case .view(let input): #expect(isView && input == 0)
        case .kernel: #expect(!isView)
        }
    }

    @Test("refuses what is no permutation", arguments: [[0, 0, 1], [0, 1], [0, 1, 3]])
    func refusals(_ permutation: [Int]) {
        expectRefusal(["perm", "3 axes"]) {
            _ = try evaluate(transpose(permutation), [Grid(counting: [2, 3, 4]).tensor()])
        }
    }
}
