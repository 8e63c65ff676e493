import GraphIR
import Tensors

/// Where the channels of image-like data stand; the batch is axis 0 in either.
///
/// Operators with windows and those that treat channels apart take their axes from it.
package enum TensorLayout: String, Sendable, Hashable {
    /// [batch, channels, spatial…], the one layout of ONNX.
    case channelsFirst = "NCHW"
    /// [batch, spatial…, channels].
    case channelsLast = "NHWC"

    /// The axis of the channels in data of `rank` axes, at least 2.
    package func channelAxis(rank: Int) -> Int { self == .channelsFirst ? 1 : rank - 1 }

    /// The axes that windows move along in data of `rank` axes, at least 2.
    package func spatialAxes(rank: Int) -> Range<Int> { self == .channelsFirst ? 2..<rank : 1..<rank - 1 }

    /// Refuses a layout that there are no kernels for.
    func checkKernels(of name: String) throws(OperatorError) {
        guard self == .channelsFirst else { throw .unsupported("\(name) over \(rawValue) data") }
    }
}

extension TensorLayout {
    /// The axes of input 0 that make planes: images and channels.
    func planeAxes(_ inputs: RowInputs) -> Set<Int> { [0, inputs.extents(0).map { channelAxis(rank: max($0.count, 2)) } ?? 1] }

    func channels(_ shape: SymbolicShape) -> Dimension { shape[channelAxis(rank: shape.rank)] }
    func channels(_ shape: Shape) -> Int { shape[channelAxis(rank: shape.rank)] }

    func spatial(_ shape: SymbolicShape) -> [Dimension] { Array(shape.dimensions[spatialAxes(rank: shape.rank)]) }
    func spatial(_ shape: Shape) -> [Int] { Array(shape.extents[spatialAxes(rank: shape.rank)]) }

    /// Elements of one channel of one image.
    func spatialCount(_ shape: Shape) -> Int { shape.elementCount(in: spatialAxes(rank: shape.rank)) }

    func shape(batch: Dimension, channels: Dimension, spatial: [Dimension]) -> SymbolicShape {
        SymbolicShape(self == .channelsFirst ? [batch, channels] + spatial : [batch] + spatial + [channels])
    }
}
