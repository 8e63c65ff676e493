import GraphIR
import Tensors

/// Finds the integer operator for one node whose inputs are dequantized, and whose result is quantized where `result` is given.
struct IntegerMatcher {
    typealias Match = (op: any Operator, inputs: [ValueID?])

    let index: QuantizationIndex
    let node: Node
    let result: QuantizedValue?
    let limits: ClosedRange<Int32>?

    mutating func match(_ graph: inout Graph) -> Match? {
        guard node.outputs.count == 1, let result else { return nil }
        switch node.op {
        case let conv as Conv: return convolution(conv, result, &graph)
        case is MatMul: return product(&graph)
        case let gemm as Gemm: return self.gemm(gemm, &graph)
        case let arithmetic as Arithmetic: return self.arithmetic(arithmetic, result, &graph)
        case let normalization as BatchNormalization: return self.normalization(normalization, result, &graph)
        default: return limits == nil ? function(result, &graph) : nil
        }
    }

    /// The same for a product whose result stays real.
    mutating func matchReal(_ graph: inout Graph) -> Match? {
        guard node.outputs.count == 1, result == nil else { return nil }
        switch node.op {
        case is MatMul: return product(&graph)
        case let gemm as Gemm: return self.gemm(gemm, &graph)
        default: return nil
        }
    }

    private func convolution(_ conv: Conv, _ result: QuantizedValue, _ graph: inout Graph) -> Match? {
        guard conv.layout == .channelsFirst, conv.activation == nil, node.input(EpilogueInput.residual) == nil,
            let x = index.bytes(of: node.input(0), graph), let weights = index.source(of: node.input(1), graph), weights.isByte,
            weights.axis ?? 0 == 0, let bias = bias(node.input(2), x, weights, scale: 1, &graph)
        else { return nil }
        let inputs = [
            x.value, x.scale, graph.zeroValue(x), weights.value, weights.scale, graph.zeroValue(weights), result.scale,
            graph.zeroValue(result),
        ]
        return (IntegerConvolution(quantizing: conv.window, groups: conv.groups, limits: limits), inputs + bias)
    }

    private func product(_ graph: inout Graph) -> Match? {
        guard let left = index.bytes(of: node.input(0), graph), let right = index.source(of: node.input(1), graph), right.isByte,
            let rank = graph[right.value].fact.rank, rank >= 2, right.axis ?? (rank - 1) == rank - 1
        else { return nil }
        guard let result else {
            let inputs = [left.value, right.value, left.scale, right.scale, graph.zeroValue(left), graph.zeroValue(right)]
            return (IntegerMatMul(function: .toReal), inputs)
        }
        let inputs = [
            left.value, left.scale, graph.zeroValue(left), right.value, right.scale, graph.zeroValue(right), result.scale,
            graph.zeroValue(result),
        ]
        return (IntegerMatMul(function: .quantized, limits: limits), inputs)
    }

    private func gemm(_ gemm: Gemm, _ graph: inout Graph) -> Match? {
        guard let left = index.bytes(of: node.input(0), graph), let right = index.source(of: node.input(1), graph), right.isByte,
            right.axis ?? (gemm.transposesRight ? 0 : 1) == (gemm.transposesRight ? 0 : 1), gemm.beta == 1, gemm.alpha > 0,
            let bias = bias(node.input(2), left, right, scale: gemm.alpha, &graph)
        else { return nil }
        var inputs: [ValueID?] = [
            left.value, left.scale, graph.zeroValue(left), right.value, right.scale, graph.zeroValue(right), bias.first ?? nil,
        ]
        if let result { inputs += [result.scale, graph.zeroValue(result)] }
        return (IntegerGemm(gemm, limits: limits), inputs)
    }

    private func arithmetic(_ op: Arithmetic, _ result: QuantizedValue, _ graph: inout Graph) -> Match? {
        guard case .multidirectional = op.rule, op.function == .add || op.function == .multiply,
            let a = index.bytes(of: node.input(0), graph), let b = index.bytes(of: node.input(1), graph),
            a.type == result.type, b.type == result.type
        else { return nil }
        let inputs = [
            a.value, a.scale, graph.zeroValue(a), b.value, b.scale, graph.zeroValue(b), result.scale, graph.zeroValue(result),
        ]
        return (LinearArithmetic(function: op.function == .add ? .add : .multiply, limits: limits), inputs)
    }

    /// Operators of one dequantized input, and Concat.
    private func function(_ result: QuantizedValue, _ graph: inout Graph) -> Match? {
        if let concat = node.op as? Concat { return self.concat(concat, result, &graph) }
        guard node.inputs.count == 1, let x = index.bytes(of: node.input(0), graph), x.type == result.type else { return nil }
        let op: any Operator
        switch node.op {
        case let pool as AveragePool where pool.attributes.layout == .channelsFirst:
            op = LinearAveragePool(pool.attributes, countsPadding: pool.countsPadding)
        case let pool as GlobalPool where pool.reduction == .average && pool.layout == .channelsFirst:
            op = LinearAveragePool(nil, countsPadding: false)
        case let softmax as Softmax where softmax.function == .softmax:
            op = LinearSoftmax(axis: softmax.axis, flattens: softmax.flattens)
        default: return nil
        }
        return (op, [x.value, x.scale, graph.zeroValue(x), result.scale, graph.zeroValue(result)])
    }

    private func concat(_ concat: Concat, _ result: QuantizedValue, _ graph: inout Graph) -> Match? {
        guard concat.axisInput == nil else { return nil }
        var parts: [QuantizedValue] = []
        for input in node.inputs {
            guard let part = index.bytes(of: input, graph), part.type == result.type else { return nil }
            parts.append(part)
        }
        var inputs = [result.scale, graph.zeroValue(result)]
        for part in parts { inputs += [part.value, part.scale, graph.zeroValue(part)] }
        return (LinearConcat(axis: concat.axis), inputs)
    }

    /// The bias in units of scale · scale of x · scale of the weights: none where there is no bias; nil where it cannot be had.
    ///
    /// It comes dequantized from such units, or is a constant that is rounded to them, by less than one sum's unit.
    private func bias(
        _ bias: ValueID?, _ x: QuantizedValue, _ weights: QuantizedValue, scale: Float, _ graph: inout Graph
    ) -> [ValueID]? {
        guard let bias else { return [] }
        guard let (first, _) = graph.parameters(x), let factors = graph.scales(weights) else { return nil }
        let units = factors.map { scale * first * $0 }
        if let source = index.source(of: bias, graph) {
            guard source.type == .int32, let scales = graph.scales(source), areClose(scales, units), hasNoZero(source, graph) else {
                return nil
            }
            return [source.value]
        }
        guard let values = graph.floats(bias), let shape = graph[bias].fact.constant?.shape, !values.isEmpty,
            units.count == 1 || units.count == values.count, units.allSatisfy({ $0 > 0 })
        else { return nil }
        var integers: [Int32] = []
        for (place, value) in values.enumerated() {
            let units = (value / units[units.count == 1 ? 0 : place]).rounded(.toNearestOrEven)
            guard abs(units) < 0x1p30 else { return nil }
            integers.append(Int32(units))
        }
        return [graph.addConstant(name: graph[bias].name, Tensor(integers, shape: shape))]
    }

    private func areClose(_ found: [Float], _ wanted: [Float]) -> Bool {
        let count = max(found.count, wanted.count)
        guard [found, wanted].allSatisfy({ $0.count == 1 || $0.count == count }) else { return false }
        return (0..<count).allSatisfy { place in
            let found = found[found.count == 1 ? 0 : place], wanted = wanted[wanted.count == 1 ? 0 : place]
            return abs(found - wanted) <= 1e-4 * abs(wanted)
        }
    }

    private func hasNoZero(_ value: QuantizedValue, _ graph: Graph) -> Bool {
        guard let zero = value.zero else { return true }
        return graph[zero].fact.integers?.allSatisfy { $0 == 0 } ?? false
    }
}
