import GraphIR
import Tensors

/// How far scores are from the classes that labels name: the negative logarithm of the probability of each label.
///
/// - Shapes: scores [N, C, d…], labels [N, d…] of int32 or int64, optional weights [C] → losses [N, d…], or a scalar for their sum
///   or mean; on request the logarithms of all probabilities [N, C, d…]. Types: floating point.
/// - Numerics: the scores are logarithms already, or a softmax over the classes makes them so. Each loss is multiplied by the
///   weight of its class; the mean divides by the sum of the weights that were applied. A label to ignore counts for nothing.
/// - Source: ONNX operators NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss (opset 12 and 13, the former 22, too).
struct ClassLoss: Operator {
    enum Reduction: String, CaseIterable { case none, sum, mean }

    let name: String
    let reduction: Reduction
    let ignored: Int?
    /// Whether the scores are to be made probabilities.
    let normalizes: Bool

    init(_ reader: AttributeReader, normalizes: Bool) throws(OperatorError) {
        name = reader.node.operatorName
        reduction = try reader.choice("reduction", default: .mean)
        ignored = try reader.integer("ignore_index")
        self.normalizes = normalizes
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...3)
        let scores = try inputs.required(0, of: ElementTypes.floatingPoint), labels = try inputs.indices(1)
        let positions = try positions(scores.shape, labels.shape)
        if inputs[2] != nil {
            let classes = scores.shape?[1] ?? .unknown
            try NormalizationInputs.checkVector(inputs, 2, type: scores.elementType, count: classes, of: "class")
        }
        let loss = reduction == .none ? ValueFact(scores.elementType, positions) : ValueFact(scores.elementType, Shape.scalar)
        return normalizes && inputs.outputCount > 1 ? [loss, ValueFact(scores.type)] : [loss]
    }

    /// The shape of the labels.
    private func positions(_ scores: SymbolicShape?, _ labels: SymbolicShape?) throws(OperatorError) -> SymbolicShape? {
        guard let scores else { return labels }
        guard scores.rank >= 2 else {
            throw .invalidInput(index: 0, reason: "is \(scores), expected at least 2 axes: batch and classes")
        }
        var expected = scores.dimensions
        expected.remove(at: 1)
        guard let labels else { return SymbolicShape(expected) }
        let joined = zip(labels.dimensions, expected).compactMap { Dimension.unified($1, $0) }
        guard labels.rank == expected.count, joined.count == expected.count else {
            throw .invalidInput(
                index: 1, reason: "is \(labels), expected one label for each place of the scores, \(SymbolicShape(expected))")
        }
        return SymbolicShape(joined)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard reduction == .none, inputs.axis(0) == 0, inputs.axis(1) == 0, inputs.axis(2) == nil else {
            return .mixed(RowReason.joined)
        }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            try context.input(0).elementType == .float64
                ? CompiledOperator(ClassLossKernel<Double>(self, context)) : CompiledOperator(ClassLossKernel<Float>(self, context))
        }
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("NegativeLogLikelihoodLoss", since: 12) { reader throws(OperatorError) in try ClassLoss(reader, normalizes: false) },
        .onnx("SoftmaxCrossEntropyLoss", since: 12) { reader throws(OperatorError) in try ClassLoss(reader, normalizes: true) },
    ]
}

private struct ClassLossKernel<Scalar: FloatingScalar>: Kernel {
    private let op: ClassLoss
    private let batch: Int
    private let classes: Int
    /// Positions of one row of the batch.
    private let columns: Int
    private let labelsAreWide: Bool
    private let hasWeights: Bool
    private let showsLogarithms: Bool

    init(_ op: ClassLoss, _ context: CompileContext) throws(OperatorError) {
        let shape = try context.input(0).shape, labels = try context.input(1)
        self.op = op
        batch = shape[0]
        classes = shape[1]
        columns = labels.shape.elementCount(in: 1..<labels.shape.rank)
        labelsAreWide = labels.elementType == .int64
        hasWeights = context.has(2)
        showsLogarithms = context.outputs.count > 1
    }

    func run(_ context: KernelContext) throws(OperatorError) {
        let losses = context.output(0, as: Scalar.self)
        var sum = 0.0, total = 0.0
        // Without positions a row may be of any number.
        for row in 0..<(columns == 0 ? 0 : batch) {
            for column in 0..<columns {
                let place = row * columns + column, start = row * classes * columns + column
                let shift = op.normalizes ? normalized(context, start) : 0
                let label = label(context, place)
                var loss = 0.0
                if label != op.ignored {
                    guard label >= 0, label < classes else {
                        throw .invalidValue(
                            "label \(label) at position \(place) is outside 0..<\(classes), the classes of the scores")
                    }
                    let weight = hasWeights ? Double(context.input(2, as: Scalar.self)[label]) : 1
                    loss = (shift - Double(context.input(0, as: Scalar.self)[start + label * columns])) * weight
                    total += weight
                }
                if op.reduction == .none { losses[place] = Scalar(loss) } else { sum += loss }
            }
        }
        switch op.reduction {
        case .none: return
        case .sum: losses.pointee = Scalar(sum)
        case .mean: losses.pointee = Scalar(sum / total)
        }
    }

    @inline(__always)
    private func label(_ context: KernelContext, _ place: Int) -> Int {
        labelsAreWide ? Int(context.input(1, as: Int64.self)[place]) : Int(context.input(1, as: Int32.self)[place])
    }

    /// What is taken off the scores of one position to make them logarithms of probabilities, which are written when they are
    /// wanted.
    @inline(__always)
    private func normalized(_ context: KernelContext, _ start: Int) -> Double {
        let scores = context.input(0, as: Scalar.self) + start
        var top = -Scalar.infinity, sum = 0.0
        for i in 0..<classes where scores[i * columns] > top || scores[i * columns].isNaN { top = scores[i * columns] }
        for i in 0..<classes { sum += Double((scores[i * columns] - top).applying(.exp)) }
        let shift = Double(top) + sum.applying(.log)
        if showsLogarithms {
            let logarithms = context.output(1, as: Scalar.self) + start
            for i in 0..<classes { logarithms[i * columns] = Scalar(Double(scores[i * columns]) - shift) }
        }
        return shift
    }
}
