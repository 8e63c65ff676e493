import GraphIR
import Tensors

/// Half the sum of all squares, a scalar.
///
/// - Types: floating point.
/// - Source: TensorFlow L2Loss.
struct HalfSumOfSquares: Operator {
    var name: String { "L2Loss" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.required(0, of: ElementTypes.floatingPoint).elementType, Shape.scalar)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.joined) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0)
            return CompiledOperator(
                data.elementType == .float64 ? kernel(data.shape.elementCount, Double.self) : kernel(data.shape.elementCount, Float.self))
        }
    }

    private func kernel<Scalar: FloatingScalar>(_ count: Int, _: Scalar.Type) -> LoopKernel {
        LoopKernel { context in
            let x = context.input(0, as: Scalar.self)
            var sum = 0.0
            for i in 0..<count { sum += Double(x[i]) * Double(x[i]) }
            context.output(0, as: Scalar.self).pointee = Scalar(sum / 2)
        }
    }
}

/// How far each row of probabilities is from the softmax of a row of logits, and the gradient of that.
///
/// - Shapes: logits and labels broadcast to [rows, classes] → loss [rows], gradient [rows, classes]. Types: floating point.
/// - Numerics: the row maximum is subtracted first.
/// - Source: TensorFlow SoftmaxCrossEntropyWithLogits.
struct CrossEntropy: Operator {
    var name: String { "SoftmaxCrossEntropyWithLogits" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let type = try inputs.required(0, of: ElementTypes.floatingPoint).elementType
        try inputs.checkSameType(1, as: 0)
        guard let shape = try Broadcasting.resultShape(inputs, 0..<2) else {
            return [ValueFact(type, SymbolicShape([.unknown])), ValueFact(type, SymbolicShape([.unknown, .unknown]))]
        }
        guard shape.rank == 2 else { throw .invalidInput(index: 0, reason: "has shape \(shape), expected rank 2") }
        return [ValueFact(type, SymbolicShape([shape[0]])), ValueFact(type, shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard case .states(let states) = inputs.broadcast(0..<2), let axis = states.first?.axis, axis == 0 else {
            return .mixed(RowReason.joined)
        }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let logits = try context.input(0), shape = context.outputs[1].shape
            let walk = BroadcastWalk(result: shape, operands: [logits.shape, try context.input(1).shape])
            return CompiledOperator(
                logits.elementType == .float64 ? kernel(shape, walk, Double.self) : kernel(shape, walk, Float.self))
        }
    }

    private func kernel<Scalar: FloatingScalar>(_ shape: Shape, _ walk: BroadcastWalk, _: Scalar.Type) -> LoopKernel {
        LoopKernel { context in
            let gradient = context.output(1, as: Scalar.self), loss = context.output(0, as: Scalar.self)
            // The logits come to lie where the gradient will be, so that rows are read as they lie in the result.
            Loops.pair(walk, context.output(1), context.input(0), context.input(1)) { (logit: Scalar, _: Scalar) in logit }
            for row in 0..<shape[0] { loss[row] = SoftmaxRow.finish(gradient + row * shape[1], shape[1]) }
            // gradient = ln softmax until here.
            var place = 0
            let labels = context.input(1, as: Scalar.self)
            walk.forEachBlock { _, offset, _ in
                for line in 0..<walk.rows.extent {
                    for column in 0..<walk.columns.extent {
                        let label = labels[offset + line * walk.rows.steps.1 + column * walk.columns.steps.1]
                        loss[place / shape[1]] -= label * gradient[place]
                        gradient[place] = gradient[place].applying(.exp) - label
                        place += 1
                    }
                }
            }
        }
    }
}

/// As `CrossEntropy` for rows whose probability is 1 for one class, which the labels name.
///
/// - Shapes: logits [rows, classes], labels [rows] of int32 or int64 → loss [rows], gradient [rows, classes].
/// - Source: TensorFlow SparseSoftmaxCrossEntropyWithLogits.
struct SparseCrossEntropy: Operator {
    var name: String { "SparseSoftmaxCrossEntropyWithLogits" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let logits = try inputs.required(0, of: ElementTypes.floatingPoint), labels = try inputs.indices(1)
        let shape = logits.shape ?? SymbolicShape(unknownRank: 2)
        guard shape.rank == 2 else { throw .invalidInput(index: 0, reason: "has shape \(shape), expected rank 2") }
        if let given = labels.shape, given.rank != 1 || Dimension.unified(given[0], shape[0]) == nil {
            throw .invalidInput(index: 1, reason: "has shape \(given), expected one label for each row of input 0, \(shape)")
        }
        return [ValueFact(logits.elementType, SymbolicShape([shape[0]])), ValueFact(logits.elementType, shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        inputs.axis(0) == 0 && inputs.axis(1) == 0 ? .rows(axis: 0, of: inputs) : .mixed(RowReason.joined)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let shape = context.outputs[1].shape, isWide = try context.input(1).elementType == .int64
            return CompiledOperator(
                context.outputs[1].elementType == .float64
                    ? kernel(shape, isWide, Double.self) : kernel(shape, isWide, Float.self))
        }
    }

    private func kernel<Scalar: FloatingScalar>(_ shape: Shape, _ isWide: Bool, _: Scalar.Type) -> LoopKernel {
        LoopKernel { (context) throws(OperatorError) in
            let loss = context.output(0, as: Scalar.self), rows = shape[0], classes = shape[1]
            context.output(1).copyMemory(from: context.input(0), byteCount: rows * classes * MemoryLayout<Scalar>.stride)
            for row in 0..<rows {
                let label = isWide ? Int(context.input(1, as: Int64.self)[row]) : Int(context.input(1, as: Int32.self)[row])
                guard label >= 0, label < classes else {
                    throw .invalidValue("label \(label) of row \(row) is outside 0..<\(classes), the classes of the logits")
                }
                let gradient = context.output(1, as: Scalar.self) + row * classes
                loss[row] = SoftmaxRow.finish(gradient, classes)
                loss[row] -= gradient[label]
                for i in 0..<classes { gradient[i] = gradient[i].applying(.exp) - (i == label ? 1 : 0) }
            }
        }
    }
}

private enum SoftmaxRow {
    /// Replaces a row of logits by the logarithm of its softmax; gives 0, what a loss begins with.
    @inline(__always)
    static func finish<Scalar: FloatingScalar>(_ row: UnsafeMutablePointer<Scalar>, _ count: Int) -> Scalar {
        var top = -Scalar.infinity, sum: Scalar = 0
        for i in 0..<count where row[i] > top || row[i].isNaN { top = row[i] }
        for i in 0..<count { sum += (row[i] - top).applying(.exp) }
        let logarithm = sum.applying(.log)
        for i in 0..<count { row[i] = row[i] - top - logarithm }
        return 0
    }
}
