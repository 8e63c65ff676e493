package import GraphIR
import Tensors

/// Functions of one number between a DequantizeLinear and a QuantizeLinear → a table of the 256 integers that they give, and nothing
/// where both quantize alike and there is no function.
package struct ByteFunctions: GraphPass {
    package let name = "byte-functions"
    package init() {}

    package func run(on graph: inout Graph) -> Int {
        let index = QuantizationIndex(graph)
        var nodes: [Node?] = graph.nodes
        var replaced: [ValueID: ValueID] = [:]
        var count = 0
        for (position, node) in graph.nodes.enumerated() {
            guard let result = graph.byteQuantization(node) else { continue }
            let chain = chain(before: position, index, graph)
            guard let source = index.bytes(of: chain.first?.data ?? node.input(0), graph) else { continue }
            if chain.isEmpty, graph.haveEqualParameters(source, result), !index.uses.isGraphOutput(result.value) {
                replaced[result.value] = replaced[source.value] ?? source.value
                nodes[position] = nil
            } else {
                guard let table = table(chain, from: source, to: result, graph) else { continue }
                let constant = graph.addConstant(name: node.name + ".table", table)
                nodes[position] = Node(
                    name: node.name, op: ByteFunction(target: result.type), inputs: [source.value, constant], outputs: node.outputs)
                for function in chain { nodes[function.position] = nil }
            }
            count += 1
        }
        guard count > 0 else { return 0 }
        graph.nodes = nodes.compactMap(\.self).map { node in
            var node = node
            node.inputs = node.inputs.map { $0.map { replaced[$0] ?? $0 } }
            node.captures = node.captures.map { replaced[$0] ?? $0 }
            return node
        }
        return count
    }

    /// A node that is a function of one number.
    private struct Function {
        let position: Int
        let op: any Operator
        let data: ValueID
        /// What the operator takes, nil in the data's place and where an optional input is absent.
        let constants: [Tensor?]
        let place: Int

        func computed(_ values: Tensor) -> Tensor? {
            var inputs = constants
            inputs[place] = values
            let results = Result { () throws(OperatorError) in
                try op.computed(inputs, outputCount: 1, kernels: nil, allowance: nil)
            }
            guard case .success(let tensors) = results, tensors[0].elementType == .float32, tensors[0].shape == values.shape else {
                return nil
            }
            return tensors[0]
        }
    }

    /// The functions of one number whose last result the node at `position` alone reads, the first one first.
    private func chain(before position: Int, _ index: QuantizationIndex, _ graph: Graph) -> [Function] {
        var chain: [Function] = [], reader = position, value = graph.nodes[position].input(0)
        while let producer = index.ownProducer(of: value, for: reader), let function = function(producer, index, graph) {
            chain.append(function)
            reader = producer
            value = function.data
        }
        return chain.reversed()
    }

    private func function(_ position: Int, _ index: QuantizationIndex, _ graph: Graph) -> Function? {
        let node = graph.nodes[position]
        guard node.outputs.count == 1 else { return nil }
        if node.op is Unary || node.op is any FusableActivation, let data = node.input(0) {
            let constants = node.inputs.map { $0.flatMap { graph[$0].fact.constant } }
            guard zip(node.inputs, constants).dropFirst().allSatisfy({ $0 == nil || $1 != nil }) else { return nil }
            return Function(position: position, op: node.op, data: data, constants: constants, place: 0)
        }
        guard let arithmetic = node.op as? Arithmetic, case .multidirectional = arithmetic.rule, node.inputs.count == 2 else { return nil }
        for place in 0..<2 {
            guard let data = node.inputs[place], let number = number(node.inputs[1 - place], besides: data, index, graph) else { continue }
            var constants: [Tensor?] = [number, number]
            constants[place] = nil
            return Function(position: position, op: node.op, data: data, constants: constants, place: place)
        }
        return nil
    }

    /// A constant number, dequantized or not, that does not stretch `data`.
    private func number(_ value: ValueID?, besides data: ValueID, _ index: QuantizationIndex, _ graph: Graph) -> Tensor? {
        guard let value, let rank = graph[value].fact.rank, let dataRank = graph[data].fact.rank, rank <= dataRank else { return nil }
        if let numbers = graph.floats(value) { return numbers.count == 1 ? Tensor(scalar: numbers[0]) : nil }
        guard let source = index.source(of: value, graph), let (scale, zero) = graph.parameters(source),
            let integers = graph[source.value].fact.integers, integers.count == 1
        else { return nil }
        return Tensor(scalar: Float(integers[0] - Int(zero)) * scale)
    }

    /// What each byte becomes; nil where scales and zero points are not known or the functions refuse.
    private func table(_ chain: [Function], from source: QuantizedValue, to result: QuantizedValue, _ graph: Graph) -> Tensor? {
        guard let (scale, zero) = graph.parameters(source), let (resultScale, resultZero) = graph.parameters(result) else { return nil }
        let integers = (UInt8.min...UInt8.max).map { source.type == .int8 ? Int32(Int8(bitPattern: $0)) : Int32($0) }
        var values = Tensor(integers.map { Float($0 &- zero) * scale }, shape: [ByteTable.byteCount])
        for function in chain {
            guard let next = function.computed(values) else { return nil }
            values = next
        }
        let rounding = LinearRounding(isSigned: result.type == .int8, zero: resultZero)
        let entries = values.values(Float.self).map { UInt8(truncatingIfNeeded: rounding.integer($0 / resultScale)) }
        return Tensor(entries, shape: [ByteTable.byteCount])
    }
}
