package import GraphIR
import Tensors

/// Activations that a model spells out in arithmetic → one operator.
///
/// Known are x · sigmoid(x), x · hardSigmoid(x), x · clip(x + 3, 0, 6) / 6, and both forms of GELU, in any order of factors and terms.
/// What the spelled-out steps leave behind is removed as dead unless somebody else reads it.
package struct ComposedActivations: GraphPass {
    package let name = "composed-activations"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        var count = 0
        let terms = ArithmeticTerms(graph)
        for (position, node) in graph.nodes.enumerated() {
            guard let (function, x) = match(node, terms) else { continue }
            graph.nodes[position] = Node(name: node.name, op: Activation(function), inputs: [x], outputs: node.outputs)
            count += 1
        }
        return count
    }

    private func match(_ node: Node, _ terms: ArithmeticTerms) -> (Activation.Function, ValueID)? {
        guard let arithmetic = node.op as? Arithmetic, [.multiply, .divide].contains(arithmetic.function),
            let root = node.outputs.first, terms.isFloat(root)
        else { return nil }
        for x in terms.candidates(under: root) where terms.haveEqualRank(x, root) {
            let product = terms.product(root, of: x)
            guard product.values.count == 2, product.values.contains(x), let factor = product.values.first(where: { $0 != x }),
                let function = function(scale: product.scale, factor, x, terms)
            else { continue }
            return (function, x)
        }
        return nil
    }

    /// The function that scale · x · factor is.
    private func function(scale: Double, _ factor: ValueID, _ x: ValueID, _ terms: ArithmeticTerms) -> Activation.Function? {
        if isClose(scale, 1), terms.input(of: factor) == x { return gate(terms.activation(factor)) }
        if isClose(scale, 1.0 / 6), terms.activation(factor) == .clip(low: 0, high: 6),
            let argument = terms.input(of: factor), terms.sum(argument, of: x) == ArithmeticTerms.Sum(constant: 3, values: [x])
        {
            return .hardSwish
        }
        if isClose(scale, 0.5) { return gelu(factor, x, terms) }
        return nil
    }

    /// x · activation(x)
    private func gate(_ activation: FusedActivation?) -> Activation.Function? {
        switch activation {
        case .sigmoid: .swish(alpha: 1)
        case .hardSigmoid(let alpha, let beta) where isClose(Double(alpha), 1.0 / 6) && beta == 0.5: .hardSwish
        default: nil
        }
    }

    /// x / 2 · (1 + erf(x / √2)) or x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
    private func gelu(_ factor: ValueID, _ x: ValueID, _ terms: ArithmeticTerms) -> Activation.Function? {
        let sum = terms.sum(factor, of: x)
        guard sum.constant == 1, sum.values.count == 1, let argument = terms.input(of: sum.values[0]) else { return nil }
        let product = terms.product(argument, of: x)
        if terms.isErf(sum.values[0]) {
            return product.values == [x] && isClose(product.scale, 0.5.squareRoot()) ? .gelu(approximated: false) : nil
        }
        guard terms.activation(sum.values[0]) == .tanh, product.values.count == 1,
            isClose(product.scale, (2 / Double.pi).squareRoot())
        else { return nil }
        let inner = terms.sum(product.values[0], of: x)
        guard inner.constant == 0, inner.values.count == 2, inner.values.contains(x),
            let cube = inner.values.first(where: { $0 != x })
        else { return nil }
        let cubic = terms.product(cube, of: x)
        return cubic.values == [x, x, x] && isClose(cubic.scale, 0.044715) ? .gelu(approximated: true) : nil
    }

    /// Constants in files are rounded to float32 or to a few decimals.
    private func isClose(_ found: Double, _ wanted: Double) -> Bool { abs(found - wanted) <= 2e-6 * abs(wanted) }
}
