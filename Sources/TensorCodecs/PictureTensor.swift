package import Tensors

/// How a tensor holds a picture: which axes are which, and what a sample becomes.
package struct PictureLayout: Sendable, Equatable {
    package enum Order: Sendable {
        /// The channels of a pixel side by side: [height, width, channels].
        case channelsLast
        /// A plane for each channel: [channels, height, width].
        case channelsFirst
    }

    package let elementType: ElementType
    package let order: Order
    package let channels: Int
    /// Whether an axis of one row stands before the others.
    package let hasRows: Bool
    /// Nil where any will do.
    package let height: Int?
    package let width: Int?

    /// The layout that an input of this type takes; nil when it takes no picture.
    ///
    /// The axis whose extent is 1, 3 or 4 is the channels': the last one, or the first behind the rows. An input that leaves all
    /// three open takes three channels, last.
    package init?(_ type: TensorType) {
        guard type.elementType == .uint8 || type.elementType == .float32, let shape = type.shape, shape.rank == 3 || shape.rank == 4 else {
            return nil
        }
        elementType = type.elementType
        hasRows = shape.rank == 4
        if hasRows, let rows = shape[0].value, rows != 1 { return nil }
        let axes = shape.dimensions.suffix(3).map(\.value)
        func isChannels(_ extent: Int?) -> Bool { extent.map { [1, 3, 4].contains($0) } ?? false }
        if isChannels(axes[2]) || axes[0] == nil && axes[2] == nil {
            (order, height, width, channels) = (.channelsLast, axes[0], axes[1], axes[2] ?? 3)
        } else if isChannels(axes[0]), let first = axes[0] {
            (order, height, width, channels) = (.channelsFirst, axes[1], axes[2], first)
        } else {
            return nil
        }
    }

    func shape(_ picture: Picture) -> Shape {
        let extents =
            order == .channelsLast
            ? [picture.height, picture.width, channels] : [channels, picture.height, picture.width]
        return Shape(hasRows ? [1] + extents : extents)
    }
}

/// What a sample of a picture becomes in a tensor of floats: (sample - mean) · scale, by channel.
package struct SampleScale: Sendable, Equatable {
    /// One number for all channels, or one for each.
    package var mean: [Float] = [0]
    package var scale: [Float] = [1]

    package init() {}

    fileprivate func numbers(_ channel: Int) -> (mean: Float, scale: Float) {
        (mean[mean.count == 1 ? 0 : channel], scale[scale.count == 1 ? 0 : channel])
    }
}

extension Picture {
    /// The picture as a tensor of that layout; the layout's channels are the picture's.
    ///
    /// - Parameter scale: for floats alone; each list has one element, or one for every channel.
    package func tensor(_ layout: PictureLayout, _ scale: SampleScale) throws(TensorCodecError) -> Tensor {
        for (what, found, wanted) in [("high", height, layout.height), ("wide", width, layout.width)] {
            guard let wanted, wanted != found else { continue }
            throw .malformed("is a picture that is \(found) pixels \(what), expected \(wanted); resize it before it is sent")
        }
        return try unsafe .decoded(TensorSpec(layout.elementType, layout.shape(self))) { target throws(TensorCodecError) in
            try unsafe fill(target, layout, scale)
        }
    }

    private func fill(_ target: UnsafeMutableRawBufferPointer, _ layout: PictureLayout, _ scale: SampleScale) throws(TensorCodecError) {
        if layout.elementType == .uint8, layout.order == .channelsLast { return try unsafe decode(into: target) }
        let samples = try unsafe Tensor.decoded(TensorSpec(.uint8, [sampleCount])) { bytes throws(TensorCodecError) in
            try unsafe decode(into: bytes)
        }
        unsafe samples.withBytes { samples in
            for channel in 0..<channels { unsafe place(samples, target, layout, scale, channel) }
        }
    }

    /// Moves the samples of one channel to where the layout has them.
    private func place(
        _ samples: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, _ layout: PictureLayout, _ scale: SampleScale,
        _ channel: Int
    ) {
        guard let from = unsafe samples.baseAddress?.assumingMemoryBound(to: UInt8.self), let start = target.baseAddress else { return }
        let pixels = height * width, channels = channels
        let isPlanar = layout.order == .channelsFirst
        let first = isPlanar ? channel * pixels : channel, step = isPlanar ? 1 : channels
        guard layout.elementType == .float32 else {
            let to = unsafe start.assumingMemoryBound(to: UInt8.self) + first
            for pixel in 0..<pixels { unsafe to[pixel &* step] = from[pixel &* channels &+ channel] }
            return
        }
        let (mean, factor) = scale.numbers(channel), to = unsafe start.assumingMemoryBound(to: Float.self) + first
        for pixel in 0..<pixels { unsafe to[pixel &* step] = (Float(from[pixel &* channels &+ channel]) - mean) * factor }
    }
}
