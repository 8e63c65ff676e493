import GraphIR
import Tensors

/// The largest elements of regions of images, in the bins of a grid over each region.
///
/// - Shapes: x [N, C, H, W], regions [R, 5] (image, x1, y1, x2, y2) → [R, C, rows of the grid, columns of the grid].
/// - Numerics: corners are scaled and rounded to the nearest element, of two the one away from zero; both belong to the region, which
///   has at least one element. Bins overlap where they share elements; one that lies outside the image is 0.
/// - Source: ONNX operator MaxRoiPool, opsets 1 and 22.
struct RegionPool: Operator {
    let size: [Int]
    let scale: Float

    var name: String { "MaxRoiPool" }

    init(_ reader: AttributeReader) throws(OperatorError) {
        size = try reader.integers("pooled_shape") ?? []
        scale = try reader.float("spatial_scale", default: 1)
        guard size.count == 2, size.allSatisfy({ (1...WindowAttributes.limit).contains($0) }) else {
            throw .invalidAttribute(
                name: "pooled_shape", reason: "is \(size), expected rows and columns of 1 to \(WindowAttributes.limit)")
        }
        guard scale.isFinite else { throw .invalidAttribute(name: "spatial_scale", reason: "is \(scale)") }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let x = try inputs.required(0, of: ElementTypes.floatingPoint)
        let regions = try inputs.required(1, of: [x.elementType])
        try ImageInputs.check(inputs, 0, [nil, nil, nil, nil])
        try ImageInputs.check(inputs, 1, [nil, 5])
        let shape = SymbolicShape(
            [regions.shape?[0] ?? .unknown, x.shape?[1] ?? .unknown, .known(size[0]), .known(size[1])])
        return [ValueFact(x.elementType, try shape.checked("the output"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { context throws(OperatorError) in
            let x = try context.input(0), regions = try context.input(1).shape[0]
            return x.elementType == .float64
                ? CompiledOperator(RegionPoolKernel<Double>(op: self, x: x.shape, regionCount: regions))
                : CompiledOperator(RegionPoolKernel<Float>(op: self, x: x.shape, regionCount: regions))
        }
    }
}

private struct RegionPoolKernel<Scalar: SamplingScalar>: Kernel {
    let op: RegionPool
    let x: Shape
    let regionCount: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        let channels = x[1], plane = x[2] * x[3], bins = op.size[0] * op.size[1]
        for region in 0..<regionCount {
            let corners = context.input(1, as: Scalar.self) + 5 * region
            guard let image = Int(exactly: corners[0]), image >= 0, image < x[0] else {
                throw .invalidValue("region \(region) is of image \(corners[0]), there are \(x[0])")
            }
            let down = try span(corners[2], corners[4], region), across = try span(corners[1], corners[3], region)
            let from = context.input(0, as: Scalar.self) + image * channels * plane
            let to = context.output(0, as: Scalar.self) + region * channels * bins
            for row in 0..<op.size[0] {
                let rows = Self.bin(row, of: op.size[0], down, extent: x[2])
                for column in 0..<op.size[1] {
                    let columns = Self.bin(column, of: op.size[1], across, extent: x[3])
                    for channel in 0..<channels {
                        to[channel * bins + row * op.size[1] + column] = maximum(from + channel * plane, rows, columns)
                    }
                }
            }
        }
    }

    /// The first element of a region along an axis, and how many it has.
    private func span(_ first: Scalar, _ last: Scalar, _ region: Int) throws(OperatorError) -> (start: Scalar, extent: Scalar) {
        let scale = Scalar(op.scale), start = (first * scale).rounded(), end = (last * scale).rounded()
        guard start.isFinite, end.isFinite, (end - start).isFinite else { throw .invalidValue("region \(region) is not finite") }
        return (start, max(end - start + 1, 1))
    }

    /// The elements of the image in bin `bin` of `count` of a region.
    private static func bin(_ bin: Int, of count: Int, _ span: (start: Scalar, extent: Scalar), extent: Int) -> Range<Int> {
        let size = span.extent / Scalar(count), limit = Scalar(extent)
        let lower = min(max((Scalar(bin) * size).rounded(.down) + span.start, 0), limit)
        let upper = min(max((Scalar(bin + 1) * size).rounded(.up) + span.start, lower), limit)
        return Int(lower)..<Int(max(upper, lower))
    }

    private func maximum(_ plane: UnsafePointer<Scalar>, _ rows: Range<Int>, _ columns: Range<Int>) -> Scalar {
        guard !rows.isEmpty, !columns.isEmpty else { return 0 }
        var result = -Scalar.greatestFiniteMagnitude
        for row in rows {
            let line = plane + row * x[3]
            for column in columns { result = max(result, line[column]) }
        }
        return result
    }
}
