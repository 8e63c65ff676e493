import GraphIR
import Operators
import Tensors
import Testing

/// What control flow says of rows when its graphs are given by their states alone.
@Suite("Rows of control flow")
struct ControlFlowRowsTests {
    private typealias Subgraph = @Sendable (Int, [RowState]) -> [RowState]?

    /// The flow through an operator with inputs of `states`; the inputs and outputs are tensors of rank 3.
    private func flow(
        _ name: String, _ states: [RowState?], outputs: Int, _ attributes: [String: Attribute] = [:], subgraph: @escaping Subgraph
    ) throws -> [RowState]? {
        let op = try makeOperator(name, in: ControlFlowOperators.spellings, attributes: attributes)
        let fact = ValueFact(.float32, [4, 4, 4])
        let inputs = RowInputs(
            states: states, facts: states.map { $0 == nil ? nil : fact }, outputs: [ValueFact](repeating: fact, count: outputs),
            rowCount: 2, subgraph: subgraph)
        if case .states(let states) = op.rows(inputs) { return states }
        return nil
    }

    private let first = RowState.rows(axis: 0), second = RowState.rows(axis: 1)

    @Test("If carries rows where both branches carry them alike, whatever the shared condition chooses")
    func branches() throws {
        let first = first, second = second
        #expect(try flow("If", [.shared], outputs: 2) { _, _ in [first, .shared] } == [first, .shared])
        #expect(try flow("If", [.shared], outputs: 1) { _, _ in [first, second] } == [first])
        #expect(try flow("If", [.shared], outputs: 1) { index, _ in [index == 0 ? first : second] } == nil)
        #expect(try flow("If", [.shared], outputs: 1) { index, _ in [index == 0 ? first : .shared] } == nil)
        #expect(try flow("If", [.shared], outputs: 1) { index, _ in index == 0 ? [first] : nil } == nil)
    }

    @Test("If mixes rows when one row's condition chooses for all")
    func condition() throws {
        let first = first
        #expect(try flow("If", [first], outputs: 1) { _, _ in [first] } == nil)
        #expect(try flow("If", [.counted], outputs: 1) { _, _ in [first] } == nil)
    }

    @Test("Loop carries rows that its body leaves where they are, and stacks parts along a new first axis")
    func loop() throws {
        let second = second
        let states = try flow("Loop", [.shared, nil, second, .shared], outputs: 4) { _, states in
            #expect(states.prefix(2) == [.shared, .shared])
            return [.shared, states[2], states[3], states[2], .shared]
        }
        #expect(states == [second, .shared, .rows(axis: 2), .shared])
    }

    @Test("Loop looks again when a round makes a shared value follow the number of rows")
    func secondRound() throws {
        let first = first
        let body: Subgraph = { _, states in [.shared, states[2], .counted, states[3] == .shared ? .shared : .counted] }
        #expect(try flow("Loop", [.shared, .shared, first, .shared], outputs: 3, subgraph: body) == [first, .counted, .counted])
    }

    @Test("Loop mixes rows that come, go or move from one round to the next, and those that end it")
    func loopRefusals() throws {
        let first = first, second = second
        #expect(try flow("Loop", [.shared, nil, first, .shared], outputs: 2) { _, states in [.shared, first, first] } == nil)
        #expect(try flow("Loop", [.shared, nil, first], outputs: 1) { _, _ in [.shared, .shared] } == nil)
        #expect(try flow("Loop", [.shared, nil, first], outputs: 1) { _, _ in [.shared, second] } == nil)
        #expect(try flow("Loop", [.shared, nil, first], outputs: 1) { _, states in [first, states[2]] } == nil)
        #expect(try flow("Loop", [.shared, nil, first], outputs: 1) { _, _ in nil } == nil)
        #expect(try flow("Loop", [first, nil, first], outputs: 1) { _, states in [.shared, states[2]] } == nil)
        #expect(try flow("Loop", [.shared, first, first], outputs: 1) { _, states in [.shared, states[2]] } == nil)
        #expect(try flow("Loop", [.counted, nil, first], outputs: 1) { _, states in [.shared, states[2]] } == nil)
    }

    @Test("Scan hands on the elements' axes without the one that it walks along", arguments: [(0, 1, 0), (1, 0, 0), (1, 2, 1), (2, 1, 1)])
    func scan(_ walked: Int, _ rows: Int, _ element: Int) throws {
        let attributes: [String: Attribute] = ["num_scan_inputs": .integer(1), "scan_input_axes": .integers([Int64(walked)])]
        let states = try flow("Scan", [.shared, .rows(axis: rows)], outputs: 2, attributes) { _, states in
            #expect(states == [.shared, .rows(axis: element)])
            return states
        }
        #expect(states == [.shared, .rows(axis: element + 1)])
    }

    @Test("Scan stacks parts along the axis asked for", arguments: [(0, 1), (1, 0), (-1, 0)])
    func scanOutput(_ place: Int, _ rows: Int) throws {
        let attributes: [String: Attribute] = ["num_scan_inputs": .integer(1), "scan_output_axes": .integers([Int64(place)])]
        let first = first
        #expect(try flow("Scan", [.rows(axis: 1)], outputs: 1, attributes) { _, _ in [first] } == [.rows(axis: rows)])
    }

    @Test("Scan mixes rows that it walks along, and those that its body mixes")
    func scanRefusals() throws {
        let attributes: [String: Attribute] = ["num_scan_inputs": .integer(1)]
        let first = first, second = second
        #expect(try flow("Scan", [.shared, first], outputs: 1, attributes) { _, states in states } == nil)
        #expect(try flow("Scan", [.shared, second], outputs: 1, attributes) { _, _ in nil } == nil)
        #expect(try flow("Scan", [.shared, second], outputs: 1, attributes) { _, _ in [first] } == nil)
    }
}
