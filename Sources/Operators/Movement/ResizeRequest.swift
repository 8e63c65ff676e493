import GraphIR
import Tensors

/// What a Resize is asked for, once its parameters are known.
struct ResizeRequest {
    enum Target {
        case scales([Float])
        case sizes([Int])

        var isScales: Bool {
            if case .scales = self { true } else { false }
        }
    }

    /// The axes that the lists speak of; others stay.
    let axes: [Int]
    let rank: Int
    let target: Target
    /// Starts, then ends, by axis in `axes`; empty when there is none.
    let region: [Float]

    /// The axes of the resampling for an input of `shape`.
    func plan(_ shape: Shape, _ aspectRatio: Resize.AspectRatio) throws(OperatorError) -> [ResizeAxis] {
        var plan = shape.extents.map { ResizeAxis(inputExtent: $0, outputExtent: $0, scale: 1, outputLength: Float($0)) }
        let common = commonScale(shape, aspectRatio)
        for (index, axis) in axes.enumerated() {
            let input = shape[axis]
            var (output, scale) = try extent(index, of: input)
            if let common {
                scale = common
                output = Int(exactly: (common * Float(input)).rounded(.toNearestOrAwayFromZero)) ?? output
            }
            guard input > 0 || output == 0 else {
                throw .invalidInput(index: 0, reason: "has extent 0 along axis \(axis), which cannot grow to \(output)")
            }
            let length = target.isScales ? scale * Float(input) : Float(output)
            plan[axis] = ResizeAxis(inputExtent: input, outputExtent: output, scale: scale, outputLength: length)
            plan[axis].followsExtents = !target.isScales && common == nil
            if !region.isEmpty { plan[axis].region = (region[index], region[index + axes.count]) }
        }
        return plan
    }

    private func extent(_ index: Int, of input: Int) throws(OperatorError) -> (output: Int, scale: Float) {
        switch target {
        case .sizes(let sizes):
            guard sizes[index] >= 0 else { throw .invalidValue("sizes \(sizes) must not be negative") }
            return (sizes[index], input == 0 ? 1 : Float(sizes[index]) / Float(input))
        case .scales(let scales):
            let scale = scales[index], wanted = (Float(input) * scale).rounded(.down)
            guard scale > 0, scale.isFinite, let output = Int(exactly: wanted) else {
                throw .invalidValue("scales \(scales) must be positive and finite")
            }
            return (output, scale)
        }
    }

    /// The one scale of all axes when sizes only bound the result; nil when each axis stretches by itself.
    private func commonScale(_ shape: Shape, _ aspectRatio: Resize.AspectRatio) -> Float? {
        guard aspectRatio != .stretch, case .sizes(let sizes) = target else { return nil }
        let scales = axes.indices.compactMap { index in
            shape[axes[index]] == 0 ? nil : Float(sizes[index]) / Float(shape[axes[index]])
        }
        return aspectRatio == .notLarger ? scales.min() : scales.max()
    }

    /// Axes that the request leaves alone keep their names.
    func symbolicResult(_ shape: SymbolicShape) -> SymbolicShape {
        var result = shape
        for (index, axis) in axes.enumerated() {
            if case .scales(let scales) = target, scales[index] == 1 { continue }
            result[axis] = .unknown
        }
        return result
    }
}

extension Resize {
    /// The parameters when they are constant; nil when they come from data.
    func request(
        _ constants: [Tensor?], rank: Int, isGiven: (Int) -> Bool
    ) throws(OperatorError) -> ResizeRequest? {
        let axes = try Axes.resolve(axes ?? Array(0..<rank), rank: rank)
        switch parameters {
        case .attribute(let scales):
            try check(scales.count, axes, "scales")
            return ResizeRequest(axes: axes, rank: rank, target: .scales(scales), region: [])
        case .inputs(let regionInput, let scalesInput, let sizesInput):
            guard
                let region = try regionInput.map({ input throws(OperatorError) in
                    try self.region(constants, input, axes, isGiven: isGiven(input))
                }) ?? .some([])
            else { return nil }
            let scales = floats(constants, scalesInput)
            if let sizesInput, isGiven(sizesInput), scales?.isEmpty ?? !isGiven(scalesInput) {
                guard let sizes = sizesInput < constants.count ? constants[sizesInput]?.integers : nil else { return nil }
                try check(sizes.count, axes, "sizes")
                return ResizeRequest(axes: axes, rank: rank, target: .sizes(sizes), region: region)
            }
            guard isGiven(scalesInput) else { throw .invalidInput(index: scalesInput, reason: "is missing, and so are sizes") }
            guard let scales else { return nil }
            try check(scales.count, axes, "scales")
            return ResizeRequest(axes: axes, rank: rank, target: .scales(scales), region: region)
        }
    }

    private func check(_ count: Int, _ axes: [Int], _ what: String) throws(OperatorError) {
        guard count == axes.count else {
            throw .invalidValue("has \(count) \(what), expected \(axes.count), one for each resized axis")
        }
    }

    /// The region of interest, empty where it does not matter; nil when it matters and is not constant.
    private func region(
        _ constants: [Tensor?], _ input: Int, _ axes: [Int], isGiven: Bool
    ) throws(OperatorError) -> [Float]? {
        guard transformation == .cropAndResize else { return [] }
        guard isGiven else { throw .invalidInput(index: input, reason: "is missing, tf_crop_and_resize needs it") }
        guard let region = floats(constants, input) else { return nil }
        guard region.count == 2 * axes.count else {
            throw .invalidInput(index: input, reason: "has \(region.count) numbers, expected \(2 * axes.count): starts and ends")
        }
        return region
    }

    private func floats(_ constants: [Tensor?], _ input: Int) -> [Float]? {
        guard input < constants.count, let tensor = constants[input] else { return nil }
        switch tensor.elementType {
        case .float32: return tensor.values(Float.self)
        case .float64: return tensor.values(Double.self).map { Float($0) }
        default: return nil
        }
    }
}
