package import GraphIR
import Tensors

/// Zeros put around the data of a convolution that pads by numbers or not at all → padding of the convolution.
package struct PadFusion: GraphPass {
    package let name = "padding"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        try FusionSweep.run(on: &graph) { (pair, graph) throws(OperatorError) in
            guard let pad = pair.producer.op as? Pad, var op = pair.consumer.op as? FilterConvolution, pair.consumer.input(0) == pair.value,
                let data = pair.producer.input(0), let pads = zeroPads(pad, pair.producer, graph),
                let window = window(op.window, padded: pads)
            else { return nil }
            op.window = window
            return Node(
                name: pair.consumer.name, op: op, inputs: [data] + pair.consumer.inputs.dropFirst(), outputs: pair.consumer.outputs)
        }
    }

    /// Elements before and after each axis; nil unless they are constant and become zeros.
    private func zeroPads(_ pad: Pad, _ node: Node, _ graph: Graph) -> [(before: Int, after: Int)]? {
        guard pad.mode == .constant, pad.padsArePairs, let pads = node.input(1).flatMap({ graph[$0].fact.integers }), pads.count % 2 == 0
        else { return nil }
        if let filler = node.input(2) {
            guard graph.floats(filler)?.first == 0 else { return nil }
        }
        return stride(from: 0, to: pads.count, by: 2).map { (pads[$0], pads[$0 + 1]) }
    }

    private func window(_ window: WindowAttributes, padded pads: [(before: Int, after: Int)]) -> WindowAttributes? {
        guard [.valid, .explicit].contains(window.autoPadding), pads.count > 2, pads[0] == (0, 0), pads[pads.count - 1] == (0, 0) else {
            return nil
        }
        let spatial = Array(pads[1..<pads.count - 1])
        let present = window.autoPadding == .explicit ? window.pads ?? [] : []
        var result = window
        result.autoPadding = .explicit
        result.pads = spatial.map(\.before) + spatial.map(\.after)
        if !present.isEmpty {
            guard present.count == 2 * spatial.count, let own = result.pads else { return nil }
            result.pads = zip(present, own).map { $0 + $1 }
        }
        guard result.pads?.allSatisfy({ (0...WindowAttributes.limit).contains($0) }) ?? false else { return nil }
        return result
    }
}
