import GraphIR
import Tensors

/// The discrete Fourier transform along one axis of signals whose last axis holds the parts of a number: its real part alone, or
/// the real and the imaginary one.
///
/// - Shapes: data [A…, n, B…, 1 or 2] (, length) (, axis) → [A…, length, B…, 2]. The one-sided transform keeps length / 2 + 1
///   positions; the inverse of one gives [A…, length, B…, 1].
/// - Numerics: signals are cut to the length, or zeros follow; inverses are divided by it. Computed in double precision.
/// - Source: ONNX operator DFT; the axis is an attribute in opset 17, an input since 20.
struct SignalTransform: Operator {
    /// nil when it is an input.
    let axis: Int?
    let isInverse: Bool
    let isOneSided: Bool
    var name: String { "DFT" }

    private static let types: Set<ElementType> = ElementTypes.floatingPoint

    var shapeOperands: Set<Int> { axis == nil ? [1, 2] : [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(axis == nil ? 1...3 : 1...2)
        let data = try inputs.required(0, of: Self.types)
        let length = try inputs.single(1), given = try inputs.single(2), axis = self.axis ?? given
        guard var shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        let last = shape.rank - 1
        guard last >= 1, (1...2).contains(shape[last].value ?? 1) else {
            throw .invalidInput(index: 0, reason: "has shape \(shape), expected signals of 1 or 2 parts, which the last axis holds")
        }
        if let length { try Self.check(length) }
        let isKnown = self.axis != nil || inputs[2] == nil || axis != nil
        if isKnown {
            let along = try Self.resolve(axis ?? -2, rank: shape.rank)
            shape[along] = try extent(shape[along], length: length, isGiven: inputs[1] != nil)
        } else {
            for place in 0..<last { shape[place] = .unknown }
        }
        shape[last] = .known(isInverse && isOneSided ? 1 : 2)
        return [ValueFact(data.elementType, try shape.checked("the output"))]
    }

    /// The output's extent along the axis.
    private func extent(_ extent: Dimension, length: Int?, isGiven: Bool) throws(OperatorError) -> Dimension {
        if isGiven, length == nil { return .unknown }
        guard isOneSided else { return length.map(Dimension.known) ?? extent }
        var count = length
        if count == nil, let extent = extent.value { count = try defaultLength(extent) }
        return count.map { .known(isInverse ? $0 : $0 / 2 + 1) } ?? .unknown
    }

    /// The transform's length where none is given.
    private func defaultLength(_ extent: Int) throws(OperatorError) -> Int {
        let length = isInverse && isOneSided ? 2 * (extent - 1) : extent
        try Self.check(length)
        return length
    }

    private static func check(_ length: Int) throws(OperatorError) {
        guard (1...Shape.maximumElementCount).contains(length) else {
            throw .invalidValue("the length of the transform is \(length), expected 1 or more")
        }
    }

    /// The axis counted from 0; not the last one.
    private static func resolve(_ axis: Int, rank: Int) throws(OperatorError) -> Int {
        let resolved = try Axes.resolve(axis, rank: rank)
        guard resolved < rank - 1 else { throw .invalidValue("the axis is \(axis), which holds the parts of numbers") }
        return resolved
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard inputs.isFixed(1), inputs.isFixed(2) else { return .mixed(RowReason.counted) }
            guard let rank = inputs.extents(0)?.count else { return .mixed(RowReason.unknown) }
            guard let axis = axis ?? (inputs[2] == nil ? -2 : inputs.integers(2)?.first) else { return .mixed(RowReason.parameter) }
            return inputs.linewise(along: [try Self.resolve(axis, rank: rank), rank - 1])
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let shape = try context.input(0).shape
        let given = try context.optionalParameters(2)?.first
        let axis = try Self.resolve(axis ?? given ?? -2, rank: shape.rank)
        var length = try context.optionalParameters(1)?.first ?? 0
        if !context.has(1) { length = try defaultLength(shape[axis]) }
        try Self.check(length)
        let lines = LineGeometry(
            shape: shape, axis: axis, output: context.outputs[0].shape, length: length, isInverse: isInverse,
            isOneSided: isOneSided)
        return try HalfPrecisionBridge.compile(context) { context throws(OperatorError) in
            try context.input(0).elementType == .float64
                ? SignalTransformKernel.compile(SignalLines<Double>(lines), context)
                : SignalTransformKernel.compile(SignalLines<Float>(lines), context)
        }
    }
}

extension OperatorInputs {
    /// The one integer that the optional input `index` is; nil when it is absent or not known.
    func single(_ index: Int) throws(OperatorError) -> Int? {
        guard self[index] != nil else { return nil }
        let values = try parameters(index)
        if let shape = self[index]?.shape?.concrete, shape.elementCount != 1 {
            throw .invalidInput(index: index, reason: "has shape \(shape), expected a single integer")
        }
        return values?.first
    }
}

/// Where the lines lie that a signal transform takes one by one.
private struct LineGeometry: Sendable {
    let outerCount: Int
    let innerCount: Int
    /// Positions of a line in the input and in the output, and of the transform.
    let input: Int
    let output: Int
    let length: Int
    /// Parts of a number.
    let inputParts: Int
    let outputParts: Int
    let isInverse: Bool
    let isOneSided: Bool

    init(shape: Shape, axis: Int, output: Shape, length: Int, isInverse: Bool, isOneSided: Bool) {
        let last = shape.rank - 1
        outerCount = shape.elementCount(in: 0..<axis)
        innerCount = shape.elementCount(in: axis + 1..<last)
        input = shape[axis]
        self.output = output[axis]
        self.length = length
        inputParts = shape[last]
        outputParts = output[last]
        self.isInverse = isInverse
        self.isOneSided = isOneSided
    }
}

private struct SignalLines<Scalar: SamplingScalar>: TransformedSignals {
    private let geometry: LineGeometry

    init(_ geometry: LineGeometry) { self.geometry = geometry }

    var count: Int { ByteCount.product(geometry.outerCount, geometry.innerCount) }
    var length: Int { geometry.length }

    /// Elements before line `number` whose numbers have `parts` parts, `extent` of them in a line.
    private func offset(_ number: Int, extent: Int, parts: Int) -> Int {
        (number / geometry.innerCount * extent * geometry.innerCount + number % geometry.innerCount) * parts
    }

    /// The signal with zeros behind it, for inverses its conjugates.
    func load(_ number: Int, _ context: KernelContext, into line: UnsafeMutablePointer<Complex<Double>>) {
        let l = geometry, isHalf = l.isInverse && l.isOneSided, stride = l.innerCount * l.inputParts
        let source = context.input(0, as: Scalar.self) + offset(number, extent: l.input, parts: l.inputParts)
        let count = min(l.input, isHalf ? l.length / 2 + 1 : l.length), sign: Double = l.isInverse ? -1 : 1
        (line + count).update(repeating: Complex(0), count: l.length - count)
        for place in 0..<count {
            let from = source + place * stride
            line[place] = Complex(Double(from[0]), l.inputParts > 1 ? sign * Double(from[1]) : 0)
        }
        guard isHalf else { return }
        // The other half mirrors this one; what mirrors itself is real.
        line[0].imaginary = 0
        if l.length % 2 == 0 { line[l.length / 2].imaginary = 0 }
        for place in l.length / 2 + 1..<max(l.length, l.length / 2 + 1) { line[place] = line[l.length - place].conjugate }
    }

    func store(_ number: Int, _ context: KernelContext, from line: UnsafePointer<Complex<Double>>) {
        let l = geometry, stride = l.innerCount * l.outputParts
        let target = context.output(0, as: Scalar.self) + offset(number, extent: l.output, parts: l.outputParts)
        let scale = l.isInverse ? 1 / Double(l.length) : 1, other = l.isInverse ? -scale : 1
        for place in 0..<l.output {
            let to = target + place * stride
            to[0] = Scalar(line[place].real * scale)
            if l.outputParts > 1 { to[1] = Scalar(line[place].imaginary * other) }
        }
    }
}
