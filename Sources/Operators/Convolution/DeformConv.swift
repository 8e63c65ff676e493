import GraphIR
import Tensors

/// A convolution whose taps lie where offsets move them.
///
/// - Shapes: x [N, C, H, W], weights [M, C / groups, h, w], offsets [N, offset groups · h · w · 2, H′, W′] (down, then across)
///   (, bias [M]) (, mask [N, offset groups · h · w, H′, W′]) → [N, M, H′, W′].
/// - Numerics: between elements x is interpolated; outside it is 0. Each tap is multiplied by its mask.
/// - Source: ONNX operator DeformConv, opsets 19 and 22, over two spatial axes.
struct DeformConv: Operator {
    let attributes: WindowAttributes
    let groups: Int
    let offsetGroups: Int

    init(_ reader: AttributeReader) throws(OperatorError) {
        attributes = try WindowAttributes(reader)
        groups = try reader.integer("group", default: 1)
        offsetGroups = try reader.integer("offset_group", default: 1)
        try WindowAttributes.check("group", [groups], atLeast: 1)
        try WindowAttributes.check("offset_group", [offsetGroups], atLeast: 1)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...5)
        let x = try inputs.required(0, of: ElementTypes.floatingPoint), weights = try inputs.required(1)
        for index in 1..<5 where index < 3 || inputs[index] != nil { try inputs.checkSameType(index, as: 0) }
        if let rank = x.rank, rank != 4, rank > 2 { throw .unsupported("DeformConv over \(rank - 2) spatial axes") }
        for index in [0, 1, 2, 4] { try ImageInputs.check(inputs, index, [nil, nil, nil, nil]) }
        let data = x.shape ?? SymbolicShape(unknownRank: 4), filter = weights.shape ?? SymbolicShape(unknownRank: 4)
        for extent in data.dimensions.dropFirst(2).compactMap(\.value) where !(1...WindowAttributes.limit).contains(extent) {
            throw .invalidInput(index: 0, reason: "has shape \(data), expected images of 1 to \(WindowAttributes.limit)")
        }
        try checkGroups(data, filter)
        guard weights.shape != nil else {
            return [ValueFact(x.elementType, SymbolicShape([data[0], .unknown, .unknown, .unknown]))]
        }
        let window = try attributes.window(axes: 2, weights: [filter[2], filter[3]])
        let spatial = try window.outputs([data[2], data[3]])
        let taps = tapCount(filter)
        try ImageInputs.check(
            inputs, 2, [data[0].value, taps.map { ByteCount.product($0, 2) }, spatial[0].value, spatial[1].value])
        try ImageInputs.check(inputs, 3, [filter[0].value])
        try ImageInputs.check(inputs, 4, [data[0].value, taps, spatial[0].value, spatial[1].value])
        return [ValueFact(x.elementType, try SymbolicShape([data[0], filter[0]] + spatial).checked("the output"))]
    }

    /// Taps of all offset groups, as far as they are known.
    private func tapCount(_ filter: SymbolicShape) -> Int? {
        guard let height = filter[2].value, let width = filter[3].value else { return nil }
        return ByteCount.product(offsetGroups, ByteCount.product(height, width))
    }

    private func checkGroups(_ x: SymbolicShape, _ filter: SymbolicShape) throws(OperatorError) {
        if let channels = x[1].value {
            guard channels % groups == 0, channels % offsetGroups == 0 else {
                throw .invalidInput(
                    index: 0, reason: "has \(channels) channels, not a multiple of \(groups) and \(offsetGroups) groups")
            }
            if let found = filter[1].value, found != channels / groups {
                throw .invalidInput(index: 1, reason: "takes \(found) channels, each of \(groups) groups has \(channels / groups)")
            }
        }
        if let count = filter[0].value, count % groups != 0 {
            throw .invalidInput(index: 1, reason: "gives \(count) channels, which \(groups) groups do not divide")
        }
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.entrywise([0, 2, 4]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let geometry = try DeformGeometry(self, context)
        return try HalfPrecisionBridge.compile(context) { context throws(OperatorError) in
            try context.input(0).elementType == .float64
                ? DeformKernel<Double>.compile(geometry) : DeformKernel<Float>.compile(geometry)
        }
    }
}

private struct DeformGeometry: Sendable {
    let batch: Int
    let channels: Int
    let input: (height: Int, width: Int)
    let output: (height: Int, width: Int)
    let kernel: (height: Int, width: Int)
    let axes: [Window.Axis]
    let starts: (height: Int, width: Int)
    let outputChannels: Int
    let groups: Int
    let offsetGroups: Int
    let hasBias: Bool
    let hasMask: Bool

    init(_ op: DeformConv, _ context: CompileContext) throws(OperatorError) {
        let x = try context.input(0).shape, filter = try context.input(1).shape, y = context.outputs[0].shape
        let window = try op.attributes.window(axes: 2, weights: [.known(filter[2]), .known(filter[3])])
        let placements = try window.placements([x[2], x[3]])
        batch = x[0]
        channels = x[1]
        input = (x[2], x[3])
        output = (y[2], y[3])
        kernel = (filter[2], filter[3])
        axes = window.axes
        starts = (placements[0].padStart, placements[1].padStart)
        outputChannels = y[1]
        groups = op.groups
        offsetGroups = op.offsetGroups
        hasBias = context.has(3)
        hasMask = context.has(4)
    }

    var tapCount: Int { kernel.height * kernel.width }
    var placeCount: Int { output.height * output.width }
    /// What the weights of one place take.
    var columnCount: Int { ByteCount.product(channels, tapCount) }
}

/// Gathers what lies under the taps of each place, then sums it by the weights.
private struct DeformKernel<Scalar: SamplingScalar>: Kernel {
    let geometry: DeformGeometry
    let split: PartSplit

    static func compile(_ geometry: DeformGeometry) -> CompiledOperator {
        let units = ByteCount.product(geometry.batch, geometry.placeCount)
        let operations = Double(units) * Double(geometry.columnCount) * Double(geometry.outputChannels / geometry.groups + 8)
        let kernel = DeformKernel(geometry: geometry, split: PartSplit(units: units, operations: operations))
        return CompiledOperator(kernel, scratchByteCount: ByteCount.of(Scalar.self, max(geometry.columnCount, 1)))
    }

    var parts: Int { split.count }

    func run(_ context: KernelContext) { run(0..<geometry.batch * geometry.placeCount, context) }

    func run(part: Int, _ context: KernelContext) { run(split.units(of: part), context) }

    private func run(_ units: Range<Int>, _ context: KernelContext) {
        let column = context.scratch.assumingMemoryBound(to: Scalar.self), g = geometry
        for unit in units {
            let image = unit / g.placeCount, place = unit % g.placeCount
            gather(image, place, column, context)
            sum(column, image, place, context)
        }
    }

    private func gather(_ image: Int, _ place: Int, _ column: UnsafeMutablePointer<Scalar>, _ context: KernelContext) {
        let g = geometry, taps = g.tapCount, channels = g.channels / g.offsetGroups
        let plane = g.input.height * g.input.width, places = g.placeCount
        let offsets = context.input(2, as: Scalar.self) + image * g.offsetGroups * taps * 2 * places + place
        let mask = g.hasMask ? context.input(4, as: Scalar.self) + image * g.offsetGroups * taps * places + place : nil
        let top = place / g.output.width * g.axes[0].stride - g.starts.height
        let left = place % g.output.width * g.axes[1].stride - g.starts.width
        for group in 0..<g.offsetGroups {
            let x = context.input(0, as: Scalar.self) + (image * g.channels + group * channels) * plane
            let target = column + group * channels * taps
            for tap in 0..<taps {
                let number = group * taps + tap
                let h = Scalar(top + tap / g.kernel.width * g.axes[0].dilation) + offsets[2 * number * places]
                let w = Scalar(left + tap % g.kernel.width * g.axes[1].dilation) + offsets[(2 * number + 1) * places]
                let neighbours = Neighbours(h, w, g.input.height, g.input.width, factor: mask?[number * places] ?? 1)
                for channel in 0..<channels { target[channel * taps + tap] = neighbours.value(x + channel * plane) }
            }
        }
    }

    private func sum(_ column: UnsafePointer<Scalar>, _ image: Int, _ place: Int, _ context: KernelContext) {
        let g = geometry, count = g.channels / g.groups * g.tapCount, channels = g.outputChannels / g.groups
        let weights = context.input(1, as: Scalar.self)
        let y = context.output(0, as: Scalar.self) + image * g.outputChannels * g.placeCount + place
        for channel in 0..<g.outputChannels {
            let own = weights + channel * count, from = column + channel / channels * count
            var sum: Scalar = g.hasBias ? context.input(3, as: Scalar.self)[channel] : 0
            for index in 0..<count { sum += own[index] * from[index] }
            y[channel * g.placeCount] = sum
        }
    }

    /// The four elements around a place, with their weights; those outside weigh nothing.
    private struct Neighbours {
        private let places: SIMD4<Int>
        private let weights: (Scalar, Scalar, Scalar, Scalar)

        init(_ h: Scalar, _ w: Scalar, _ height: Int, _ width: Int, factor: Scalar) {
            let (top, down) = Self.split(h, height), (left, across) = Self.split(w, width)
            let rows = (min(max(top, 0), height - 1) * width, min(max(top + 1, 0), height - 1) * width)
            let columns = (min(max(left, 0), width - 1), min(max(left + 1, 0), width - 1))
            places = SIMD4(rows.0 + columns.0, rows.0 + columns.1, rows.1 + columns.0, rows.1 + columns.1)
            let vertical = (Self.weight(top, height, 1 - down), Self.weight(top + 1, height, down))
            let horizontal = (Self.weight(left, width, 1 - across), Self.weight(left + 1, width, across))
            weights = (
                vertical.0 * horizontal.0 * factor, vertical.0 * horizontal.1 * factor, vertical.1 * horizontal.0 * factor,
                vertical.1 * horizontal.1 * factor
            )
        }

        /// The position before a place, and how far behind it the place is; −2 stands for all that is far outside.
        private static func split(_ place: Scalar, _ extent: Int) -> (Int, Scalar) {
            guard place > -1, place < Scalar(extent) else { return (-2, 0) }
            let floor = place.rounded(.down)
            return (Int(floor), place - floor)
        }

        private static func weight(_ position: Int, _ extent: Int, _ weight: Scalar) -> Scalar {
            position >= 0 && position < extent ? weight : 0
        }

        @inline(__always)
        func value(_ x: UnsafePointer<Scalar>) -> Scalar {
            weights.0 * x[places[0]] + weights.1 * x[places[1]] + weights.2 * x[places[2]] + weights.3 * x[places[3]]
        }
    }
}
