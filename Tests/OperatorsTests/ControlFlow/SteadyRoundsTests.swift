import GraphIR
import Operators
import Tensors
import Testing

/// Loops whose rounds are runs of one plan.
@Suite("Steady rounds")
struct SteadyRoundsTests {
    /// Hands each carried value on as another one, without a copy: the plan's outputs are its inputs.
    private final class Permutation: SubgraphRounds {
        let outputs: [TensorSpec]
        private let order: [Int]
        private let addresses: UnsafeMutablePointer<UnsafeRawPointer>
        private let yes = Tensor([1], .bool, [])

        init(_ inputs: [TensorSpec], _ order: [Int]) {
            self.order = order
            outputs = [yes.spec] + order.map { inputs[2 + $0] }
            addresses = .allocate(capacity: 1 + order.count)
        }

        deinit { addresses.deallocate() }

        func run(_ inputs: UnsafePointer<UnsafeRawPointer>) -> UnsafePointer<UnsafeRawPointer> {
            addresses[0] = UnsafeRawPointer(yes.storage.baseAddress)
            for (index, source) in order.enumerated() { addresses[1 + index] = inputs[2 + source] }
            return UnsafePointer(addresses)
        }
    }

    private struct Permuted: SubgraphRunner {
        let order: [Int]

        func rounds(_ specs: [TensorSpec]) -> (any SubgraphRounds)? { Permutation(specs, order) }

        func run(_ inputs: [ValueView]) throws -> [RuntimeValue] {
            Issue.record("ran a round by itself")
            return []
        }
    }

    @Test("values that a round exchanges or keeps stay whole", arguments: [[1, 0, 2], [0, 1, 2], [1, 2, 0], [0, 0, 1]], 0...5)
    func permutations(_ order: [Int], _ rounds: Int) throws {
        var expected = [[1.0, 2], [3.0, 4], [5.0, 6]]
        for _ in 0..<rounds { expected = order.map { expected[$0] } }
        let beginnings = [[1.0, 2], [3.0, 4], [5.0, 6]].map { Tensor($0, .float32, [2]) }
        let results = try evaluateDynamic(
            Loop(), [integers([rounds], shape: []), nil] + beginnings, outputs: 3, subgraphs: [Permuted(order: order)])
        #expect(results.map(\.numbers) == expected)
        #expect(beginnings.map(\.numbers) == [[1, 2], [3, 4], [5, 6]])
    }

    @Test("parts are joined as they come, few or many, of any size", arguments: [1, 2, 70, 1500], [0, 1, 700])
    func parts(_ rounds: Int, _ size: Int) throws {
        let body = CodeSubgraph { inputs in
            [Tensor([1], .bool, []), Tensor([Double](repeating: inputs[0].numbers[0], count: size), .float32, [size])]
        }.steady(true)
        for trips in [rounds, nil] {
            // Without a trip count, the condition ends the loop.
            let ending = CodeSubgraph { inputs in
                var results = try body.body(inputs)
                if trips == nil, inputs[0].numbers[0] + 1 >= Double(rounds) { results[0] = Tensor([0], .bool, []) }
                return results
            }.steady(true)
            let results = try evaluateDynamic(
                Loop(), [trips.map { integers([$0], shape: []) }, nil], outputs: 1, subgraphs: [ending])
            #expect(results[0].shape == [rounds, size])
            #expect(results[0].numbers == (0..<rounds).flatMap { [Double](repeating: Double($0), count: size) })
        }
    }

    @Test(
        "parts of unknown number are collected while they fit into what a run may take, and refused then",
        arguments: [17, 20, 21, 22, 1000], [true, false])
    func limit(_ rounds: Int, _ isSteady: Bool) throws {
        // A part takes 1 KiB of 40: 4, 8 and 16 fit beside what was there before, 32 do not, 21 do.
        let allowance = MemoryAllowance(byteLimit: 40 << 10)
        let body = CodeSubgraph { inputs in
            let number = inputs[0].numbers[0]
            return [
                Tensor([Int(number) + 1 < rounds ? 1 : 0], .bool, []),
                Tensor([Double](repeating: number, count: 256), .float32, [256]),
            ]
        }.steady(isSteady)
        let context = EvaluationContext(inputs: [nil, nil], outputCount: 1, allowance: allowance, subgraphs: [body])
        do {
            let results = try Loop().evaluate(context)
            guard case .tensor(let result) = results[0] else { throw ContractBreach(Loop(), "returns \(results[0].kind)") }
            #expect(rounds <= 21 && result.shape == [rounds, 256])
            #expect(result.numbers == (0..<rounds).flatMap { [Double](repeating: Double($0), count: 256) })
            #expect(allowance.usedByteCount >= result.spec.byteCount)
        } catch OperatorError.memory(let refusal) {
            #expect(rounds > 21 && refusal.cause == .limit)
        }
        #expect(allowance.usedByteCount == 0)
    }

    @Test("a stopped run ends between rounds")
    func stopped() throws {
        let body = CodeSubgraph { inputs in [Tensor([1], .bool, []), inputs[2]] }.steady(true)
        let one = Tensor([1], .float32, [])
        var checks = 0
        let context = EvaluationContext(
            inputs: [nil, nil, .dense(one.view)], outputCount: 1, subgraphs: [body],
            checkpoint: { () throws(OperatorError) in
                checks += 1
                if checks == 5 { throw .stopped }
            })
        #expect(throws: OperatorError.self) { try withExtendedLifetime(one) { _ = try Loop().evaluate(context) } }
        #expect(checks == 5)
    }

    @Test("what the first round changes is carried on by one plan")
    func settling() throws {
        // A number becomes a row of two, which keeps its type.
        let body = CodeSubgraph { inputs in
            let state = inputs[2].numbers
            return [Tensor([1], .bool, []), Tensor(state.count == 1 ? [state[0], 1] : [state[0] + state[1], state[1]], .float32, [2])]
        }.steady(true)
        let results = try evaluateDynamic(
            Loop(), [integers([4], shape: []), nil, Tensor([5], .float32, [1])], outputs: 1, subgraphs: [body])
        #expect(results[0].numbers == [8, 1])
    }
}
