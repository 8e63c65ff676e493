import GraphIR
import Tensors

/// Resamples a tensor to another extent along its axes.
///
/// - Shapes: data [d0, …, dn] → [⌊d0·s0⌋, …, ⌊dn·sn⌋], or the sizes given.
/// - Source: ONNX operators Resize (opset 10: scales only; 11 and later: roi, scales, sizes) and Upsample.
struct Resize: Operator {
    enum Interpolation: String, CaseIterable, Sendable { case nearest, linear, cubic }
    enum AspectRatio: String, CaseIterable, Sendable {
        case stretch
        case notLarger = "not_larger"
        case notSmaller = "not_smaller"
    }

    /// Where scales and sizes come from.
    enum Parameters: Sendable {
        case attribute(scales: [Float])
        /// Input numbers; opset 10 has only scales.
        case inputs(region: Int?, scales: Int, sizes: Int?)
    }

    var name = "Resize"
    var parameters = Parameters.inputs(region: 1, scales: 2, sizes: 3)
    var interpolation = Interpolation.nearest
    var transformation = ResizeAxis.Transformation.halfPixel
    var rounding = NearestRounding.roundPreferFloor
    var cubicCoefficient: Float = -0.75
    var excludesOutside = false
    var extrapolation: Float = 0
    var isAntialiased = false
    var axes: [Int]?
    var aspectRatio = AspectRatio.stretch

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...4)
        let data = try inputs.dense(0)
        if interpolation != .nearest, !ResampleKernel.types.contains(data.elementType) {
            throw .unsupported("\(interpolation.rawValue) resampling of \(data.elementType)")
        }
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        guard let request = try request(inputs.facts.map { $0?.constant }, rank: shape.rank, isGiven: { inputs[$0] != nil })
        else { return [ValueFact(data.elementType, SymbolicShape(unknownRank: shape.rank))] }
        guard let concrete = shape.concrete else {
            return [ValueFact(data.elementType, request.symbolicResult(shape))]
        }
        let result = try request.plan(concrete, aspectRatio).map(\.outputExtent)
        return [ValueFact(data.elementType, try Shape(checked: result, what: "the output"))]
    }

    var shapeOperands: Set<Int> {
        guard case .inputs(let region, let scales, let sizes) = parameters else { return [] }
        return Set([transformation == .cropAndResize ? region : nil, scales, sizes].compactMap(\.self))
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let axis = inputs.onlyAxis(), let data = inputs.extents(0),
                let request = try request(
                    inputs.facts.map { $0?.constant }, rank: data.count, isGiven: { inputs[$0] != nil })
            else { return .mixed(RowReason.parameter) }
            guard keepsRows(request, inputs, axis) else { return .mixed(RowReason.counted) }
            let plan = try request.plan(Shape(data), aspectRatio)[axis]
            return leavesAlone(plan) ? .rows(axis: axis, of: inputs) : .mixed("resamples along the axis of the rows")
        }
    }

    /// Whether what each row is resampled with is the same for every number of rows. Sizes may count them: where each axis stretches
    /// by itself, the output's extents show all that sizes do.
    private func keepsRows(_ request: ResizeRequest, _ inputs: RowInputs, _ axis: Int) -> Bool {
        let countedInputs = shapeOperands.filter { inputs[$0] == .counted }
        guard !request.target.isScales else { return countedInputs.isEmpty }
        guard case .inputs(_, _, let sizes?) = parameters, countedInputs.isSubset(of: [sizes]) else { return false }
        if inputs[sizes] == .counted { return aspectRatio == .stretch }
        return !request.axes.contains(axis)
    }

    /// Whether every position along the axis shows itself and nothing else.
    private func leavesAlone(_ axis: ResizeAxis) -> Bool {
        guard axis.inputExtent == axis.outputExtent else { return false }
        return (0..<axis.inputExtent).allSatisfy { position in
            let place = axis.place(position, transformation)
            if interpolation != .nearest { return place == Float(position) }
            let isShown = transformation != .cropAndResize || !axis.isOutside(place)
            return isShown && rounding.nearest(place, axis: axis) == position
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), output = context.outputs[0].shape
        let constants = context.inputs.indices.map { context.constant($0) }
        guard let request = try request(constants, rank: data.shape.rank, isGiven: { context.has($0) }) else {
            throw .invalidValue("needs constant scales or sizes when the kernel is made")
        }
        let plan = try request.plan(data.shape, aspectRatio)
        if context.makesNothing { return .nothing }
        if interpolation == .nearest { return CompiledOperator(nearestKernel(plan, data)) }
        let filter = interpolation == .linear ? ResizeTaps.Filter.linear : .cubic(coefficient: cubicCoefficient)
        let changed = plan.indices.filter { axis in
            (0..<output[axis]).contains { plan[axis].place($0, transformation) != Float($0) }
                || plan[axis].inputExtent != plan[axis].outputExtent
        }
        if changed.isEmpty { return .view(of: 0) }
        let taps = changed.map {
            (
                axis: $0,
                taps: ResizeTaps(
                    plan[$0], transformation, filter: filter, isStretched: isAntialiased && plan[$0].scale < 1,
                    excludesOutside: excludesOutside)
            )
        }
        let kernel = ResampleKernel(
            input: data, output: output, taps: taps, outside: outsideFlags(plan), extrapolation: extrapolation)
        return CompiledOperator(kernel, scratchByteCount: kernel.scratchByteCount)
    }

    private func nearestKernel(_ plan: [ResizeAxis], _ data: TensorSpec) -> some Kernel {
        let maps = plan.map { axis in
            (0..<axis.outputExtent).map { position in
                let place = axis.place(position, transformation)
                return transformation == .cropAndResize && axis.isOutside(place)
                    ? MappedCopy.filler : rounding.nearest(place, axis: axis)
            }
        }
        return NearestKernel(
            copy: MappedCopy(input: data.shape, maps: maps, elementByteCount: data.elementType.byteCount),
            filler: data.elementType.bits(of: extrapolation))
    }

    /// By axis, which output positions lie outside the input; empty when none does.
    private func outsideFlags(_ plan: [ResizeAxis]) -> [[Bool]] {
        guard transformation == .cropAndResize else { return [] }
        let flags = plan.map { axis in (0..<axis.outputExtent).map { axis.isOutside(axis.place($0, transformation)) } }
        return flags.contains { $0.contains(true) } ? flags : []
    }
}

private struct NearestKernel: Kernel {
    let copy: MappedCopy
    let filler: UInt64

    func run(_ context: KernelContext) {
        withUnsafeBytes(of: filler.littleEndian) { bytes in
            copy.run(from: context.input(0), to: context.output(0), filler: bytes.baseAddress!)
        }
    }
}

extension Resize {
    static let spellings: [OperatorSpelling] = [
        .onnx("Upsample", since: 7, through: 8) { reader throws(OperatorError) in
            guard let scales = try reader.floats("scales") else {
                throw .invalidAttribute(name: "scales", reason: "is missing")
            }
            return try early(reader, name: "Upsample", .attribute(scales: scales))
        },
        .onnx("Upsample", since: 9) { reader throws(OperatorError) in
            try early(reader, name: "Upsample", .inputs(region: nil, scales: 1, sizes: nil))
        },
        .onnx("Resize", since: 10, through: 10) { reader throws(OperatorError) in
            try early(reader, name: "Resize", .inputs(region: nil, scales: 1, sizes: nil))
        },
        .onnx("Resize", since: 11) { reader throws(OperatorError) in
            Resize(
                interpolation: try reader.choice("mode", default: .nearest),
                transformation: try reader.choice("coordinate_transformation_mode", default: .halfPixel),
                rounding: try reader.choice("nearest_mode", default: .roundPreferFloor),
                cubicCoefficient: try reader.float("cubic_coeff_a", default: -0.75),
                excludesOutside: try reader.flag("exclude_outside", default: false),
                extrapolation: try reader.float("extrapolation_value", default: 0),
                isAntialiased: try reader.flag("antialias", default: false), axes: try reader.integers("axes"),
                aspectRatio: try reader.choice("keep_aspect_ratio_policy", default: .stretch))
        },
    ]

    /// Upsample and the first Resize: positions scale from the corner.
    private static func early(
        _ reader: AttributeReader, name: String, _ parameters: Parameters
    ) throws(OperatorError) -> Resize {
        let mode = try reader.string("mode", default: "nearest")
        // Models of that time also write "bilinear".
        guard let interpolation = mode == "bilinear" ? .linear : Interpolation(rawValue: mode), interpolation != .cubic else {
            throw .invalidAttribute(name: "mode", reason: "is \"\(mode)\", expected \"nearest\" or \"linear\"")
        }
        return Resize(
            name: name, parameters: parameters, interpolation: interpolation, transformation: .asymmetric,
            rounding: .byDirection)
    }
}
