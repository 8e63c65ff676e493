import GraphIR
import Tensors

/// Reads the arithmetic that makes a value: products and sums with constant scalars taken together.
struct ArithmeticTerms {
    /// scale · values[0] · values[1] …
    struct Product: Equatable {
        var scale = 1.0
        var values: [ValueID] = []
    }

    /// constant + values[0] + values[1] …
    struct Sum: Equatable {
        var constant = 0.0
        var values: [ValueID] = []
    }

    /// Steps that are followed from a value; spelled-out activations are shorter.
    private static let maximumDepth = 12

    private let graph: Graph
    private let producers: [Int?]

    init(_ graph: Graph) {
        self.graph = graph
        producers = GraphUses(graph).producers
    }

    func isFloat(_ value: ValueID) -> Bool { graph[value].fact.valueType.tensor?.elementType == .float32 }

    /// Whether both ranks are known and equal, so that scalars on the way stretch nothing.
    func haveEqualRank(_ a: ValueID, _ b: ValueID) -> Bool {
        guard let rank = graph[a].fact.rank else { return false }
        return rank == graph[b].fact.rank
    }

    /// What the value is an activation of: the first input of the node that makes it.
    func input(of value: ValueID) -> ValueID? { node(value)?.input(0) }

    /// The activation that makes the value.
    func activation(_ value: ValueID) -> FusedActivation? {
        guard let node = node(value), let activation = node.op as? any FusableActivation else { return nil }
        return activation.fusedActivation(of: graph.facts(of: node))
    }

    func isErf(_ value: ValueID) -> Bool { (node(value)?.op as? Unary)?.function == .math(.erf) }

    /// Values under `root`, nearest first, that may be the argument of the function it spells out.
    func candidates(under root: ValueID) -> [ValueID] {
        var found: [ValueID] = [], next = [root]
        for _ in 0..<Self.maximumDepth where found.count < 32 {
            next = next.flatMap { value in
                (node(value)?.inputs ?? []).compactMap(\.self).filter { graph[$0].fact.constant == nil && !found.contains($0) }
            }
            for value in next where !found.contains(value) { found.append(value) }
        }
        return found
    }

    /// The value as a product, not looking into `x`.
    func product(_ value: ValueID, of x: ValueID) -> Product {
        var result = Product()
        multiply(value, into: &result, x, depth: 0)
        return result
    }

    private func multiply(_ value: ValueID, into product: inout Product, _ x: ValueID, depth: Int) {
        if let scalar = scalar(value) {
            product.scale *= scalar
            return
        }
        guard value != x, depth < Self.maximumDepth, let node = node(value), let left = node.input(0), let right = node.input(1)
        else {
            product.values.append(value)
            return
        }
        if let arithmetic = plainArithmetic(node), arithmetic == .multiply {
            multiply(left, into: &product, x, depth: depth + 1)
            multiply(right, into: &product, x, depth: depth + 1)
        } else if plainArithmetic(node) == .divide, let divisor = scalar(right) {
            multiply(left, into: &product, x, depth: depth + 1)
            product.scale /= divisor
        } else if node.op is Power, scalar(right) == 3, left == x {
            product.values += [x, x, x]
        } else {
            product.values.append(value)
        }
    }

    /// The value as a sum, not looking into `x`.
    func sum(_ value: ValueID, of x: ValueID) -> Sum {
        var result = Sum()
        add(value, into: &result, x, depth: 0)
        return result
    }

    private func add(_ value: ValueID, into sum: inout Sum, _ x: ValueID, depth: Int) {
        if let scalar = scalar(value) {
            sum.constant += scalar
        } else if value != x, depth < Self.maximumDepth, let node = node(value), plainArithmetic(node) == .add,
            let left = node.input(0), let right = node.input(1)
        {
            add(left, into: &sum, x, depth: depth + 1)
            add(right, into: &sum, x, depth: depth + 1)
        } else {
            sum.values.append(value)
        }
    }

    private func node(_ value: ValueID) -> Node? { producers[value.index].map { graph.nodes[$0] } }

    private func plainArithmetic(_ node: Node) -> Arithmetic.Function? {
        guard let arithmetic = node.op as? Arithmetic, case .multidirectional = arithmetic.rule else { return nil }
        return arithmetic.function
    }

    private func scalar(_ value: ValueID) -> Double? {
        guard let tensor = graph[value].fact.constant, tensor.elementCount == 1 else { return nil }
        switch tensor.elementType {
        case .float32: return Double(tensor.values(Float.self)[0])
        case .float64: return tensor.values(Double.self)[0]
        default: return tensor.integers.map { Double($0[0]) }
        }
    }
}
