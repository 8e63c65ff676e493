import GraphIR
import Tensors

/// Places in images that affine maps give: a grid for GridSample.
///
/// - Shapes: maps [N, 2, 3] or [N, 3, 4], size (N, C, H, W or D, H, W) → [N, H, W, 2] or [N, D, H, W, 3]; the innermost axis is the
///   first coordinate.
/// - Source: ONNX operator AffineGrid.
struct AffineGrid: Operator {
    let alignsCorners: Bool
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let maps = try inputs.required(0, of: ElementTypes.floatingPoint)
        _ = try inputs.required(1)
        try ImageInputs.check(inputs, 0, [nil, nil, nil])
        let size = try inputs.parameters(1), given = try inputs.parameterCount(1)
        if let given, !(4...5).contains(given) {
            throw .invalidInput(index: 1, reason: "has \(given) extents, expected 4 or 5: batch, channels, space")
        }
        guard let axes = maps.shape?[1].value ?? given.map({ $0 - 2 }) else {
            return [ValueFact(maps.elementType, nil as SymbolicShape?)]
        }
        guard (2...3).contains(axes), given ?? axes + 2 == axes + 2 else {
            throw .invalidInput(index: 0, reason: "has maps of \(axes) axes, the size is of \(given.map { $0 - 2 } ?? 2)")
        }
        try ImageInputs.check(inputs, 0, [size?[0], axes, axes + 1])
        let batch = maps.shape?[0] ?? .unknown
        let spatial = size.map { $0.dropFirst(2).map { Dimension.known($0) } } ?? [Dimension](repeating: .unknown, count: axes)
        if let size, size.contains(where: { !(0...Shape.maximumElementCount).contains($0) }) {
            throw .invalidInput(index: 1, reason: "is \(size), which is no size of images")
        }
        let first = Dimension.unified(batch, size.map { .known($0[0]) } ?? .unknown) ?? .unknown
        return [ValueFact(maps.elementType, try SymbolicShape([first] + spatial + [.known(axes)]).checked("the output"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let output = context.outputs[0].shape, axes = output.rank - 2
        let geometry = AffineGeometry(batch: output[0], extents: Array(output.extents[1...axes]), alignsCorners: alignsCorners)
        return try HalfPrecisionBridge.compile(context) { context throws(OperatorError) in
            try context.input(0).elementType == .float64
                ? CompiledOperator(LoopKernel { geometry.run($0, Double.self) })
                : CompiledOperator(LoopKernel { geometry.run($0, Float.self) })
        }
    }
}

private struct AffineGeometry: Sendable {
    let batch: Int
    let extents: [Int]
    let alignsCorners: Bool

    /// The coordinate of a position along an axis, computed in double precision.
    private func coordinate(_ position: Int, _ extent: Int) -> Double {
        guard alignsCorners else { return (2 * Double(position) + 1) / Double(extent) - 1 }
        return extent > 1 ? 2 * Double(position) / Double(extent - 1) - 1 : -1
    }

    func run<Scalar: SamplingScalar>(_ context: KernelContext, _: Scalar.Type) {
        let axes = extents.count, places = extents.reduce(1, *)
        var target = context.output(0, as: Scalar.self)
        for image in 0..<batch {
            let map = context.input(0, as: Scalar.self) + image * axes * (axes + 1)
            for place in 0..<places {
                var rest = place, at = SIMD4<Double>(repeating: 1)
                for axis in 0..<axes {
                    let extent = extents[axes - 1 - axis]
                    at[axis] = coordinate(rest % extent, extent)
                    rest /= extent
                }
                for row in 0..<axes {
                    var sum = 0.0
                    for column in 0...axes { sum += Double(map[row * (axes + 1) + column]) * at[column] }
                    target[row] = Scalar(sum)
                }
                target += axes
            }
        }
    }
}
