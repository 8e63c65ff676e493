import GraphIR
import Tensors

/// What the windowed poolings share: their attributes and shape rule.
package struct PoolingAttributes: Sendable {
    var window: WindowAttributes
    var roundsUp: Bool
    package var layout = TensorLayout.channelsFirst

    package init(window: WindowAttributes, roundsUp: Bool = false) {
        self.window = window
        self.roundsUp = roundsUp
    }

    init(_ attributes: AttributeReader) throws(OperatorError) {
        window = try WindowAttributes(attributes)
        roundsUp = try attributes.flag("ceil_mode", default: false)
        guard window.kernel != nil else { throw .invalidAttribute(name: "kernel_shape", reason: "is missing") }
    }

    /// The window over `axes` spatial axes.
    func window(axes: Int) throws(OperatorError) -> Window {
        var result = try window.window(axes: axes)
        for index in result.axes.indices {
            result.axes[index].roundsUp = roundsUp
            let axis = result.axes[index]
            guard let reach = axis.reach, axis.padStart < reach, axis.padEnd < reach else {
                throw .invalidAttribute(
                    name: "pads",
                    reason: "are \(axis.padStart) and \(axis.padEnd), expected less than the window's reach \(axis.reach ?? 0)")
            }
        }
        return result
    }

    /// The result's shape: the data's with other spatial extents.
    func shape(_ x: SymbolicShape?) throws(OperatorError) -> SymbolicShape? {
        guard let x else { return nil }
        try Self.checkRank(x, maximum: 5)
        let spatial = try window(axes: x.rank - 2).outputs(layout.spatial(x))
        return try layout.shape(batch: x[0], channels: layout.channels(x), spatial: spatial).checked("the output")
    }

    func geometry(_ x: Shape, output: Shape) throws(OperatorError) -> PoolingGeometry {
        try PoolingGeometry(window: window(axes: x.rank - 2), x: x, layout: layout, output: output)
    }

    static func checkRank(_ x: SymbolicShape, maximum: Int) throws(OperatorError) {
        guard (3...maximum).contains(x.rank) else {
            throw .invalidInput(index: 0, reason: "is \(x) with \(x.rank) axes, expected 3 to \(maximum): batch, channels, space")
        }
    }
}
