import GraphIR
import Tensors

/// A recurrent cell found in a loop's body.
struct RecurrentCellMatch {
    enum Kind { case lstm, gru }

    let kind: Kind
    /// The step's element of the sequence.
    let x: ValueID
    /// Formal inputs of the body.
    let hidden: ValueID
    let memory: ValueID?
    /// What the states become.
    let newHidden: ValueID
    let newMemory: ValueID?
    /// [input, gates · hidden] and [hidden, gates · hidden], gates in Keras's order.
    let weights: Tensor
    let recurrentWeights: Tensor
    /// Of each gate; for a GRU behind them those of the hidden state's part.
    let bias: [Float]

    var width: Int { recurrentWeights.shape[0] }

    /// The cell whose hidden state `value` is; nil for anything but what Keras makes of LSTM and of GRU with `reset_after`.
    init?(_ body: LoopBody, newHidden value: ValueID) {
        if let lstm = Self.lstm(body, value) { self = lstm } else if let gru = Self.gru(body, value) { self = gru } else { return nil }
    }

    private init(
        _ kind: Kind, x: ValueID, hidden: ValueID, memory: ValueID? = nil, newHidden: ValueID, newMemory: ValueID? = nil,
        weights: Tensor, recurrentWeights: Tensor, bias: [Float]
    ) {
        (self.kind, self.x, self.hidden, self.memory) = (kind, x, hidden, memory)
        (self.newHidden, self.newMemory) = (newHidden, newMemory)
        (self.weights, self.recurrentWeights, self.bias) = (weights, recurrentWeights, bias)
    }

    /// h' = σ(z₃) · tanh(c'), c' = σ(z₁) · c + σ(z₀) · tanh(z₂), z = x · W + h · U + b.
    private static func lstm(_ body: LoopBody, _ value: ValueID) -> RecurrentCellMatch? {
        guard
            let (output, activated) = body.either(body.operands(value, .multiply), { body.argument($0, of: "Sigmoid").flatMap(body.part) }),
            let newMemory = body.argument(activated, of: "Tanh"), let terms = body.operands(newMemory, .add)
        else { return nil }
        func entering(_ value: ValueID) -> (input: LoopBody.Part, candidate: LoopBody.Part)? {
            let pair = body.either(body.operands(value, .multiply)) { body.argument($0, of: "Tanh").flatMap(body.part) }
            guard let pair, let input = body.argument(pair.other, of: "Sigmoid").flatMap(body.part) else { return nil }
            return (input, pair.found)
        }
        guard let (gates, kept) = body.either(terms, entering),
            let (forget, memory) = body.either(body.operands(kept, .multiply), { body.argument($0, of: "Sigmoid").flatMap(body.part) })
        else { return nil }
        let parts = [gates.input, forget, gates.candidate, output], width = output.columns.count
        for (index, part) in parts.enumerated() {
            guard part.source == output.source, part.columns == index * width..<(index + 1) * width else { return nil }
        }
        guard let sum = body.affine(output.source, width: 4 * width), sum.products.count == 2 else { return nil }
        for (first, second) in [(0, 1), (1, 0)] {
            let input = sum.products[first], state = sum.products[second]
            guard body.graph.inputs.contains(state.x), state.weights.shape[0] == width, !body.graph.inputs.contains(input.x) else {
                continue
            }
            return RecurrentCellMatch(
                .lstm, x: input.x, hidden: state.x, memory: memory, newHidden: body.resolve(value), newMemory: body.resolve(newMemory),
                weights: input.weights, recurrentWeights: state.weights, bias: sum.bias)
        }
        return nil
    }

    /// h' = z · h + (1 − z) · tanh(x₂ + r · u₂), z = σ(x₀ + u₀), r = σ(x₁ + u₁), x = x · W + b, u = h · U + b'.
    private static func gru(_ body: LoopBody, _ value: ValueID) -> RecurrentCellMatch? {
        func fresh(_ value: ValueID) -> (update: ValueID, candidate: ValueID)? {
            let pair = body.either(body.operands(value, .multiply)) { body.argument($0, of: "Tanh") }
            guard let pair, let (one, update) = body.operands(pair.other, .subtract), let constant = body.constant(one),
                constant.elementType == .float32, constant.values(Float.self) == [1]
            else { return nil }
            return (update, pair.found)
        }
        guard let (new, kept) = body.either(body.operands(value, .add), fresh),
            let (_, hidden) = body.either(body.operands(kept, .multiply), { $0 == new.update ? true : nil }),
            let update = body.argument(new.update, of: "Sigmoid").flatMap({ body.operands($0, .add) }),
            let candidate = body.operands(new.candidate, .add)
        else { return nil }
        func reset(_ value: ValueID) -> (sum: (ValueID, ValueID), state: LoopBody.Part)? {
            let pair = body.either(body.operands(value, .multiply)) { body.argument($0, of: "Sigmoid") }
            guard let pair, let sum = body.operands(pair.found, .add), let state = body.part(pair.other) else { return nil }
            return (sum, state)
        }
        guard let (inner, outer) = body.either(candidate, reset), let x = body.part(outer) else { return nil }
        let state = inner.state, width = state.columns.count
        func isGate(_ pair: (ValueID, ValueID), _ index: Int) -> Bool {
            let columns = index * width..<(index + 1) * width
            let expected = [LoopBody.Part(source: x.source, columns: columns), LoopBody.Part(source: state.source, columns: columns)]
            let found = [body.part(pair.0), body.part(pair.1)]
            return found == expected || found == expected.reversed()
        }
        guard isGate(update, 0), isGate(inner.sum, 1), x.columns == 2 * width..<3 * width, state.columns == x.columns,
            let input = body.affine(x.source, width: 3 * width), let recurrent = body.affine(state.source, width: 3 * width),
            input.products.count == 1, recurrent.products.count == 1, recurrent.products[0].x == hidden,
            recurrent.products[0].weights.shape[0] == width
        else { return nil }
        return RecurrentCellMatch(
            .gru, x: input.products[0].x, hidden: hidden, newHidden: body.resolve(value), weights: input.products[0].weights,
            recurrentWeights: recurrent.products[0].weights, bias: input.bias + recurrent.bias)
    }

    // MARK: What the recurrent operators take

    /// The operator's gates by Keras's number.
    private var gateOrder: [Int] { kind == .lstm ? [0, 3, 1, 2] : [0, 1, 2] }

    /// [1, gates · hidden, depth] of [depth, gates · hidden], the gates in the operator's order; nil when there is no memory for it.
    func transposed(_ weights: Tensor) -> Tensor? {
        let depth = weights.shape[0], columns = weights.shape[1], order = gateOrder, width = width
        return try? Tensor(TensorSpec(.float32, [1, columns, depth]), placement: .pages) { bytes in
            let target = bytes.bindMemory(to: Float.self)
            weights.withBytes { source in
                let source = source.bindMemory(to: Float.self)
                for (place, gate) in order.enumerated() {
                    for unit in 0..<width {
                        for row in 0..<depth {
                            target[(place * width + unit) * depth + row] = source[row * columns + gate * width + unit]
                        }
                    }
                }
            }
        }
    }

    /// [1, 2 · gates · hidden]: of the input's part, then of the hidden state's.
    var biases: Tensor {
        let order = gateOrder, width = width, count = order.count * width
        let own = order.flatMap { bias[$0 * width..<($0 + 1) * width] }
        let recurrent = kind == .gru ? Array(bias[count..<2 * count]) : [Float](repeating: 0, count: count)
        return Tensor(own + recurrent, shape: [1, 2 * count])
    }
}
