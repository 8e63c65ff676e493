import GraphIR
import Tensors

/// Reads what a loop's body computes, through copies.
struct LoopBody {
    let graph: Graph
    private let producers: [Int?]

    init(_ graph: Graph) {
        self.graph = graph
        producers = GraphUses(graph).producers
    }

    /// The value that `value` is a copy of.
    func resolve(_ value: ValueID) -> ValueID {
        var value = value
        while let position = producers[value.index], graph.nodes[position].op is Identity, let input = graph.nodes[position].input(0) {
            value = input
        }
        return value
    }

    func node(_ value: ValueID) -> Node? { producers[resolve(value).index].map { graph.nodes[$0] } }

    func constant(_ value: ValueID) -> Tensor? { graph[resolve(value)].fact.constant }

    /// The operands of a plain sum, product or difference.
    func operands(_ value: ValueID, _ function: Arithmetic.Function) -> (ValueID, ValueID)? {
        guard let node = node(value), let arithmetic = node.op as? Arithmetic, arithmetic.function == function,
            case .multidirectional = arithmetic.rule, node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1]
        else { return nil }
        return (resolve(left), resolve(right))
    }

    /// What the value is the sigmoid or hyperbolic tangent of.
    func argument(_ value: ValueID, of activation: String) -> ValueID? {
        guard let node = node(value), node.op.name == activation, node.inputs.count == 1, let input = node.inputs[0] else { return nil }
        return resolve(input)
    }

    /// The operand that `match` finds something in, with the other one.
    func either<Found>(_ pair: (ValueID, ValueID)?, _ match: (ValueID) -> Found?) -> (found: Found, other: ValueID)? {
        guard let pair else { return nil }
        if let found = match(pair.0) { return (found, pair.1) }
        if let found = match(pair.1) { return (found, pair.0) }
        return nil
    }

    /// Consecutive columns of a matrix.
    struct Part: Equatable {
        let source: ValueID
        let columns: Range<Int>
    }

    func part(_ value: ValueID) -> Part? {
        let value = resolve(value)
        guard let node = node(value) else { return nil }
        if let split = node.op as? SplitAlong, !split.takesLengths, node.inputs.count == 2, let axis = node.inputs[0],
            let source = node.inputs[1], let width = width(source), [[-1], [1]].contains(constant(axis)?.integers),
            let index = node.outputs.firstIndex(of: value), split.count > 0, width % split.count == 0
        {
            let count = width / split.count
            return Part(source: resolve(source), columns: index * count..<(index + 1) * count)
        }
        guard let slice = node.op as? StridedSlice, node.inputs.count == 4, let source = node.inputs[0], let width = width(source),
            slice.masks.ellipsis == 0, slice.masks.newAxis == 0, slice.masks.shrink == 0, slice.masks.begin & 1 == 1,
            slice.masks.end & 1 == 1
        else { return nil }
        let lists = node.inputs[1...].map { $0.flatMap { constant($0)?.integers } }
        guard let begins = lists[0], let ends = lists[1], let steps = lists[2], begins.count == 2, ends.count == 2, steps == [1, 1]
        else { return nil }
        let begin = slice.masks.begin & 2 != 0 ? 0 : begins[1], end = slice.masks.end & 2 != 0 ? width : ends[1]
        guard begin >= 0, begin < end, end <= width else { return nil }
        return Part(source: resolve(source), columns: begin..<end)
    }

    /// The extent of a matrix's second axis.
    private func width(_ value: ValueID) -> Int? {
        guard let shape = graph[value].fact.shape, shape.rank == 2 else { return nil }
        return shape[1].value
    }

    /// A sum of matrix products with constant weights and of constant biases.
    struct Affine {
        var products: [(x: ValueID, weights: Tensor)] = []
        var bias: [Float]
    }

    func affine(_ value: ValueID, width: Int) -> Affine? {
        var result = Affine(bias: [Float](repeating: 0, count: width))
        return add(value, to: &result, depth: 0) ? result : nil
    }

    private func add(_ value: ValueID, to sum: inout Affine, depth: Int) -> Bool {
        if let constant = constant(value) {
            guard constant.elementType == .float32, constant.elementCount == sum.bias.count, constant.shape.extents.last == sum.bias.count
            else { return false }
            sum.bias = zip(sum.bias, constant.values(Float.self)).map { $0 + $1 }
            return true
        }
        guard depth < 8, let node = node(value) else { return false }
        if let (left, right) = operands(value, .add) {
            return add(left, to: &sum, depth: depth + 1) && add(right, to: &sum, depth: depth + 1)
        }
        if node.op is BiasAdd, let x = node.input(0), let bias = node.input(1) {
            return constant(bias) != nil && add(x, to: &sum, depth: depth + 1) && add(bias, to: &sum, depth: depth + 1)
        }
        guard let linear = node.op as? Linear, !linear.transposesWeights, linear.scale == 1, linear.activation == nil,
            let x = node.input(0), let weights = node.input(1).flatMap({ constant($0) }), weights.elementType == .float32,
            weights.shape.rank == 2, weights.shape[1] == sum.bias.count
        else { return false }
        sum.products.append((resolve(x), weights))
        for index in 2..<max(node.inputs.count, 2) {
            guard let other = node.inputs[index] else { continue }
            guard add(other, to: &sum, depth: depth + 1) else { return false }
        }
        return true
    }
}
