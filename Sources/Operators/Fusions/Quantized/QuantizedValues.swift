import GraphIR
import Tensors

/// Integers with the scale and the zero point by which they stand for real numbers, as inputs of a node.
struct QuantizedValue {
    /// The integers.
    let value: ValueID
    let type: ElementType
    let scale: ValueID
    /// nil for 0.
    let zero: ValueID?
    /// The axis along which each position has a scale and a zero point of its own; nil where all share one.
    let axis: Int?

    var isUniform: Bool { axis == nil }
    var isByte: Bool { LinearTypes.eightBits.contains(type) }
}

/// Finds what stands around quantization in a graph as it was when this was made.
struct QuantizationIndex {
    let uses: GraphUses
    private let nodes: [Node]

    init(_ graph: Graph) {
        uses = GraphUses(graph)
        nodes = graph.nodes
    }

    /// The integers that `value`, of float32, is made of by a DequantizeLinear without blocks.
    func source(of value: ValueID?, _ graph: Graph) -> QuantizedValue? {
        guard let value, let position = uses.producers[value.index], nodes[position].op is DequantizeLinear,
            graph[value].fact.valueType.tensor?.elementType == .float32
        else { return nil }
        return graph.quantization(of: nodes[position], integers: nodes[position].input(0))
    }

    /// The integers of 8 bits under one scale that `value` is made of.
    func bytes(of value: ValueID?, _ graph: Graph) -> QuantizedValue? {
        guard let source = source(of: value, graph), source.isUniform, source.isByte else { return nil }
        return source
    }

    /// The node that makes `value` for the one at `position` alone.
    func ownProducer(of value: ValueID?, for position: Int) -> Int? {
        guard let value, uses.soleConsumer(of: value) == position else { return nil }
        return uses.producers[value.index]
    }
}

extension Graph {
    /// What a QuantizeLinear of float32 makes, with one scale and to 8 bits; nil for any other node.
    func byteQuantization(_ node: Node) -> QuantizedValue? {
        guard let op = node.op as? QuantizeLinear, op.precision ?? .float32 == .float32, let x = node.input(0),
            self[x].fact.valueType.tensor?.elementType == .float32,
            let result = quantization(of: node, integers: node.outputs.first), result.isUniform, result.isByte
        else { return nil }
        return result
    }

    /// How `integers` stand for real numbers by the scale and the zero point of a QuantizeLinear or DequantizeLinear.
    func quantization(of node: Node, integers: ValueID?) -> QuantizedValue? {
        guard let rule = (node.op as? QuantizeLinear)?.rule ?? (node.op as? DequantizeLinear)?.rule, rule.blockSize == 0,
            let integers, let type = self[integers].fact.valueType.tensor?.elementType, let scale = node.input(1),
            self[scale].fact.valueType.tensor?.elementType == .float32, let scales = self[scale].fact.shape?.concrete
        else { return nil }
        var axis: Int?
        if scales.elementCount != 1 {
            guard let along = rule.axis, let rank = self[integers].fact.rank, rank > 0 else { return nil }
            axis = rank == 1 ? 0 : along < 0 ? along + rank : along
        }
        return QuantizedValue(value: integers, type: type, scale: scale, zero: node.input(2), axis: axis)
    }

    /// The constant scales of a quantized value.
    func scales(_ value: QuantizedValue) -> [Float]? { floats(value.scale) }

    /// The constant zero point of a value that has one.
    func zero(_ value: QuantizedValue) -> Int32? {
        guard let zero = value.zero else { return 0 }
        guard let values = self[zero].fact.integers, values.count == 1 else { return nil }
        return Int32(truncatingIfNeeded: values[0])
    }

    /// The constant scale and zero point of a value that has one of each.
    func parameters(_ value: QuantizedValue) -> (scale: Float, zero: Int32)? {
        guard let scales = scales(value), scales.count == 1, let zero = zero(value) else { return nil }
        return (scales[0], zero)
    }

    /// The zero point as a value, made where there is none.
    mutating func zeroValue(_ value: QuantizedValue) -> ValueID {
        if let zero = value.zero { return zero }
        let name = self[value.value].name + ".zero"
        return value.type == .int8
            ? addConstant(name: name, Tensor(scalar: Int8(0))) : addConstant(name: name, Tensor(scalar: UInt8(0)))
    }

    /// Whether two quantized values have the same type, and constant scales and zero points that are equal.
    func haveEqualParameters(_ a: QuantizedValue, _ b: QuantizedValue) -> Bool {
        guard a.type == b.type, let first = parameters(a), let second = parameters(b) else { return false }
        return first == second
    }
}
