import GraphIR
import Tensors

/// Regions of feature maps, each pooled to one size.
///
/// - Shapes: x [N, C, H, W], regions [R, 4] (x1, y1, x2, y2), indices [R] of images → [R, C, output height, output width].
/// - Numerics: a bin is the mean, or the maximum, of points spread evenly over it; the maximum is that of the four weighted
///   neighbours of each point. Points beyond the border by more than 1 count as 0.
/// - Source: ONNX operator RoiAlign, opsets 10, 16 and 22.
struct RoiAlign: Operator {
    enum Mode: String, CaseIterable, Sendable { case average = "avg", maximum = "max" }
    private enum Coordinates: String, CaseIterable { case halfPixel = "half_pixel", outputHalfPixel = "output_half_pixel" }

    let mode: Mode
    let size: [Int]
    /// Points along each axis of a bin; 0 for as many as it covers elements.
    let samplingRatio: Int
    let scale: Float
    /// Whether elements have their centers at half positions; regions may be smaller than an element then.
    let movesCenters: Bool

    private static let largestRatio = 1 << 12

    init(_ reader: AttributeReader) throws(OperatorError) {
        mode = try reader.choice("mode", default: .average)
        size = [try reader.integer("output_height", default: 1), try reader.integer("output_width", default: 1)]
        samplingRatio = try reader.integer("sampling_ratio", default: 0)
        scale = try reader.float("spatial_scale", default: 1)
        let coordinates: Coordinates =
            reader.version < 16
            ? .outputHalfPixel : try reader.choice("coordinate_transformation_mode", default: .halfPixel)
        movesCenters = coordinates == .halfPixel
        guard size.allSatisfy({ (1...WindowAttributes.limit).contains($0) }) else {
            throw .invalidAttribute(
                name: "output_height", reason: "and output_width are \(size), expected 1 to \(WindowAttributes.limit)")
        }
        guard (0...Self.largestRatio).contains(samplingRatio) else {
            throw .invalidAttribute(name: "sampling_ratio", reason: "is \(samplingRatio), expected 0 to \(Self.largestRatio)")
        }
        guard scale.isFinite else { throw .invalidAttribute(name: "spatial_scale", reason: "is \(scale)") }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let x = try inputs.required(0, of: ElementTypes.floatingPoint)
        let regions = try inputs.required(1, of: [x.elementType]), indices = try inputs.required(2, of: [.int64])
        try ImageInputs.check(inputs, 0, [nil, nil, nil, nil])
        try ImageInputs.check(inputs, 1, [nil, 4])
        try ImageInputs.check(inputs, 2, [regions.shape?[0].value])
        for axis in 2..<4 {
            guard let extent = x.shape?[axis].value, !(1...WindowAttributes.limit).contains(extent) else { continue }
            throw .invalidInput(
                index: 0, reason: "has extent \(extent) along axis \(axis), expected 1 to \(WindowAttributes.limit)")
        }
        let count = Dimension.unified(regions.shape?[0] ?? .unknown, indices.shape?[0] ?? .unknown) ?? .unknown
        let shape = SymbolicShape([count, x.shape?[1] ?? .unknown, .known(size[0]), .known(size[1])])
        return [ValueFact(x.elementType, try shape.checked("the output"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { context throws(OperatorError) in
            try context.input(0).elementType == .float64
                ? RoiKernel<Double>.compile(self, context) : RoiKernel<Float>.compile(self, context)
        }
    }
}

private struct RoiKernel<Scalar: SamplingScalar>: Kernel {
    /// The neighbours of a point along one axis.
    struct Point {
        let low: Int
        let high: Int
        let lowWeight: Scalar
        let highWeight: Scalar
    }

    /// One axis of a region.
    private struct Span {
        let start: Scalar
        /// Extent of a bin.
        let bin: Scalar
        /// Points of a bin; a whole number, maybe a very large one.
        let count: Scalar
    }

    /// The points of a bin along one axis that lie on the map.
    private struct Points {
        let address: UnsafeMutablePointer<Point>
        var count = 0
        /// Whether others do not.
        var misses = false
    }

    let op: RoiAlign
    let batch: Int
    let channels: Int
    let height: Int
    let width: Int
    let regionCount: Int
    /// Most points of a bin along an axis that lie on the map.
    let pointLimits: (rows: Int, columns: Int)
    let split: PartSplit

    static func compile(_ op: RoiAlign, _ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0).shape, output = context.outputs[0].shape
        // As many as a bin covers elements are at least half an element apart.
        let limits = (rows: max(op.samplingRatio, 2 * x[2] + 8), columns: max(op.samplingRatio, 2 * x[3] + 8))
        let points = Double(max(op.samplingRatio, 2))
        let kernel = RoiKernel(
            op: op, batch: x[0], channels: x[1], height: x[2], width: x[3], regionCount: output[0], pointLimits: limits,
            split: PartSplit(units: output[0], operations: 8 * points * points * Double(output.elementCount)))
        return CompiledOperator(kernel, scratchByteCount: ByteCount.of(Point.self, limits.rows, limits.columns))
    }

    var parts: Int { split.count }

    func run(_ context: KernelContext) throws(OperatorError) { try run(0..<regionCount, context) }

    func run(part: Int, _ context: KernelContext) throws(OperatorError) { try run(split.units(of: part), context) }

    private func run(_ regions: Range<Int>, _ context: KernelContext) throws(OperatorError) {
        let scratch = context.scratch.assumingMemoryBound(to: Point.self)
        let places = op.size[0] * op.size[1], plane = height * width
        for region in regions {
            let image = Int(context.input(2, as: Int64.self)[region])
            guard image >= 0, image < batch else {
                throw .invalidValue("region \(region) is of image \(image), there are \(batch)")
            }
            let corners = context.input(1, as: Scalar.self) + 4 * region
            let down = try span(corners[1], corners[3], op.size[0], region)
            let across = try span(corners[0], corners[2], op.size[1], region)
            let count = down.count * across.count
            let divisor = count > 1 ? count : 1
            let x = context.input(0, as: Scalar.self) + image * channels * plane
            let y = context.output(0, as: Scalar.self) + region * channels * places
            for row in 0..<op.size[0] {
                let rows = points(down, row, height, scratch, limit: pointLimits.rows)
                for column in 0..<op.size[1] {
                    let columns = points(across, column, width, scratch + pointLimits.rows, limit: pointLimits.columns)
                    for channel in 0..<channels {
                        let map = x + channel * plane
                        y[channel * places + row * op.size[1] + column] =
                            op.mode == .average ? sum(map, rows, columns) / divisor : maximum(map, rows, columns)
                    }
                }
            }
        }
    }

    private func span(_ first: Scalar, _ last: Scalar, _ bins: Int, _ region: Int) throws(OperatorError) -> Span {
        let offset: Scalar = op.movesCenters ? 0.5 : 0, scale = Scalar(op.scale)
        let start = first * scale - offset, end = last * scale - offset
        let extent = op.movesCenters ? end - start : max(end - start, 1)
        guard start.isFinite, end.isFinite, extent.isFinite else { throw .invalidValue("region \(region) is not finite") }
        let bin = extent / Scalar(bins)
        return Span(start: start, bin: bin, count: op.samplingRatio > 0 ? Scalar(op.samplingRatio) : max(bin.rounded(.up), 0))
    }

    /// Points of bin `bin` that lie on the map, or beyond its border by at most 1.
    private func points(
        _ span: Span, _ bin: Int, _ extent: Int, _ address: UnsafeMutablePointer<Point>, limit: Int
    ) -> Points {
        var points = Points(address: address)
        let start = span.start + Scalar(bin) * span.bin
        let numbers = candidates(span, start, extent)
        points.misses = Scalar(numbers.count) < span.count
        for number in numbers {
            let place = start + (Scalar(number) + 0.5) * span.bin / span.count
            guard place >= -1, place <= Scalar(extent), points.count < limit else {
                points.misses = true
                continue
            }
            points.address[points.count] = Self.point(max(place, 0), extent)
            points.count += 1
        }
        return points
    }

    /// Numbers of the points that may lie on the map.
    private func candidates(_ span: Span, _ start: Scalar, _ extent: Int) -> Range<Int> {
        guard span.count > Scalar(2 * extent) + 8, op.samplingRatio == 0 else { return 0..<max(Int(span.count), 0) }
        let step = Double(span.bin) / Double(span.count)
        let first = (-1 - Double(start)) / step - 2, last = (Double(extent) - Double(start)) / step + 2
        let end = min(Double(span.count), Double(1 << 52))
        let lower = min(max(first, 0), end), upper = min(max(last, lower), end)
        return Int(lower)..<Int(upper)
    }

    private static func point(_ place: Scalar, _ extent: Int) -> Point {
        let low = Int(place)
        guard low < extent - 1 else { return Point(low: extent - 1, high: extent - 1, lowWeight: 1, highWeight: 0) }
        let rest = place - Scalar(low)
        return Point(low: low, high: low + 1, lowWeight: 1 - rest, highWeight: rest)
    }

    private func sum(_ map: UnsafePointer<Scalar>, _ rows: Points, _ columns: Points) -> Scalar {
        var sum: Scalar = 0
        for i in 0..<rows.count {
            let row = rows.address[i], upper = map + row.low * width, lower = map + row.high * width
            for j in 0..<columns.count {
                let column = columns.address[j]
                sum += row.lowWeight * (column.lowWeight * upper[column.low] + column.highWeight * upper[column.high])
                sum += row.highWeight * (column.lowWeight * lower[column.low] + column.highWeight * lower[column.high])
            }
        }
        return sum
    }

    private func maximum(_ map: UnsafePointer<Scalar>, _ rows: Points, _ columns: Points) -> Scalar {
        let isEmpty = rows.count == 0 || columns.count == 0
        var maximum: Scalar = isEmpty || rows.misses || columns.misses ? 0 : -.infinity
        for i in 0..<rows.count {
            let row = rows.address[i], upper = map + row.low * width, lower = map + row.high * width
            for j in 0..<columns.count {
                let column = columns.address[j]
                maximum = max(maximum, row.lowWeight * column.lowWeight * upper[column.low])
                maximum = max(maximum, row.lowWeight * column.highWeight * upper[column.high])
                maximum = max(maximum, row.highWeight * column.lowWeight * lower[column.low])
                maximum = max(maximum, row.highWeight * column.highWeight * lower[column.high])
            }
        }
        return maximum
    }
}
