import GraphIR

/// One axis of a resampling: how output positions map to places between input positions.
struct ResizeAxis: Sendable {
    /// Attribute coordinate_transformation_mode.
    enum Transformation: String, CaseIterable, Sendable {
        case halfPixel = "half_pixel"
        case halfPixelSymmetric = "half_pixel_symmetric"
        case pytorchHalfPixel = "pytorch_half_pixel"
        case alignCorners = "align_corners"
        case asymmetric
        case halfPixelForNearest = "tf_half_pixel_for_nn"
        case cropAndResize = "tf_crop_and_resize"
    }

    let inputExtent: Int
    let outputExtent: Int
    let scale: Float
    /// The output's length before it is cut to whole positions: input extent times scale.
    let outputLength: Float
    /// Whether the scale is the quotient of the extents: places are taken from those, so that no rounding of the scale breaks a tie.
    var followsExtents = false
    /// Beginning and end of the region of interest, in units of the axis; only for `cropAndResize`.
    var region: (start: Float, end: Float) = (0, 1)

    /// The place in the input, possibly between two positions or outside, that output `position` shows.
    ///
    /// In binary32, as the reference runtime computes it: which neighbour is nearest can hang on the last bit.
    func place(_ position: Int, _ transformation: Transformation) -> Float {
        let x = Float(position), input = Float(inputExtent), output = outputLength
        switch transformation {
        case .halfPixel: return shrunk(x + 0.5) - 0.5
        case .halfPixelSymmetric:
            let adjustment = Float(outputExtent) / output
            return input / 2 * (1 - adjustment) + shrunk(x + 0.5) - 0.5
        case .pytorchHalfPixel: return outputExtent > 1 ? shrunk(x + 0.5) - 0.5 : 0
        case .alignCorners: return outputExtent > 1 ? x * (input - 1) / (output - 1) : 0
        case .asymmetric: return shrunk(x)
        case .halfPixelForNearest: return shrunk(x + 0.5)
        case .cropAndResize:
            return outputExtent > 1
                ? region.start * (input - 1) + x * (region.end - region.start) * (input - 1) / (output - 1)
                : 0.5 * (region.start + region.end) * (input - 1)
        }
    }

    /// A length in the output as one in the input.
    private func shrunk(_ length: Float) -> Float {
        followsExtents ? length * Float(inputExtent) / Float(outputExtent) : length / scale
    }

    /// Whether the place lies outside the input, where `cropAndResize` shows the extrapolation value.
    func isOutside(_ place: Float) -> Bool { !(place >= 0 && place <= Float(inputExtent - 1)) }
}

/// How the nearest input position is picked.
enum NearestRounding: String, CaseIterable, Sendable {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor, ceil
    /// Before opset 11: cut off when enlarging, round up when shrinking.
    case byDirection = ""

    func nearest(_ place: Float, axis: ResizeAxis) -> Int {
        let rounded: Float
        switch self {
        case .roundPreferFloor: rounded = (place - 0.5).rounded(.up)
        case .roundPreferCeil: rounded = (place + 0.5).rounded(.down)
        case .floor: rounded = place.rounded(.down)
        case .ceil: rounded = place.rounded(.up)
        case .byDirection: rounded = axis.scale < 1 ? place.rounded(.up) : place.rounded(.towardZero)
        }
        guard rounded > 0 else { return 0 }
        return min(Int(exactly: rounded) ?? Int.max, axis.inputExtent - 1)
    }
}

/// The weights with which input positions add up to each output position of one axis; every output position has the
/// same number of taps.
struct ResizeTaps: Sendable {
    enum Filter: Sendable {
        case linear
        case cubic(coefficient: Float)

        /// Positions on each side that the unstretched filter reaches.
        var radius: Float {
            switch self {
            case .linear: 1
            case .cubic: 2
            }
        }

        func weight(_ distance: Float) -> Float {
            let x = abs(distance)
            switch self {
            case .linear: return max(1 - x, 0)
            case .cubic(let a):
                if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
                return x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0
            }
        }
    }

    /// Always even.
    let count: Int
    /// `count` input positions, then the next output's.
    let positions: [Int]
    let weights: [Float]

    /// - Parameters:
    ///   - isStretched: whether the filter widens when shrinking (attribute antialias).
    ///   - excludesOutside: whether taps beyond the border weigh nothing, instead of repeating the border.
    init(
        _ axis: ResizeAxis, _ transformation: ResizeAxis.Transformation, filter: Filter, isStretched: Bool,
        excludesOutside: Bool
    ) {
        let stretch = isStretched ? min(axis.scale, 1) : 1
        let first = Int((-filter.radius / stretch).rounded(.down)) + 1
        count = 2 - 2 * first
        var positions: [Int] = [], weights: [Float] = []
        for output in 0..<axis.outputExtent {
            let place = axis.place(output, transformation)
            let whole = place.rounded(.down), fraction = place - whole
            let base = Int(exactly: whole) ?? 0
            var sum: Float = 0
            let start = weights.count
            for tap in first..<first + count {
                let position = base + tap
                let clamped = min(max(position, 0), axis.inputExtent - 1)
                let isCounted = clamped == position || !excludesOutside
                let weight = isCounted ? filter.weight((Float(tap) - fraction) * stretch) : 0
                positions.append(clamped)
                weights.append(weight)
                sum += weight
            }
            guard excludesOutside || isStretched, sum != 0 else { continue }
            for index in start..<weights.count { weights[index] /= sum }
        }
        self.positions = positions
        self.weights = weights
    }
}
