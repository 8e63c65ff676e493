import GraphIR
import Tensors

/// Softmax of 8-bit integers with a scale and a zero point.
///
/// - Shapes: data [D…], its scale and zero point, those of the result (one number each) → [D…]. From opset 13 on a line is one
///   axis; before, all axes from `axis` on together.
/// - Types: int8 or uint8, all the same. The data's zero point, which may be absent, does not matter.
/// - Source: com.microsoft's QLinearSoftmax.
struct LinearSoftmax: Operator {
    let axis: Int
    let flattens: Bool

    var name: String { "QLinearSoftmax" }

    init(axis: Int, flattens: Bool) {
        self.axis = axis
        self.flattens = flattens
    }

    init(_ reader: AttributeReader) throws(OperatorError) {
        axis = try reader.integer("axis", default: -1)
        guard let version = try reader.integer("opset") else { throw .invalidAttribute(name: "opset", reason: "is missing") }
        flattens = version < 13
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...5)
        let data = try inputs.required(0, of: LinearTypes.eightBits)
        for scale in [1, 3] { try inputs.checkOneQuantization(scale: scale, zero: scale + 1, type: data.elementType) }
        if let rank = data.rank { _ = try resolvedAxis(rank) }
        return [ValueFact(data.elementType, data.shape)]
    }

    /// A scalar is a line of one; flattening may start behind the last axis.
    private func resolvedAxis(_ rank: Int) throws(OperatorError) -> Int {
        if flattens, axis == rank { return rank }
        if rank == 0, axis == 0 || axis == -1 { return 0 }
        return try Axes.resolve(axis, rank: rank)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let rank = inputs.extents(0)?.count ?? 0, first = try resolvedAxis(rank)
            return inputs.linewise(along: flattens ? Array(first..<rank) : [first])
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let data = try context.input(0), isSigned = data.elementType == .int8, zero = context.present(4)
        let lines = AxisLines(data.shape, axis: try resolvedAxis(data.shape.rank), flattens: flattens)
        let kernel = LoopKernel { context in
            let x = SmallIntegers(context.input(0), isSigned: isSigned), y = context.output(0, as: UInt8.self)
            let rounding = LinearRounding(isSigned: isSigned, zero: context.smallInteger(zero, isSigned: isSigned))
            let scale = context.number(1), resultScale = context.number(3)
            // By how far an element lies below the line's largest.
            let powers = context.scratch.assumingMemoryBound(to: Float.self)
            for distance in 0..<256 { powers[distance] = (-scale * Float(distance)).applying(.exp) }
            lines.forEachLine { start in
                var top: Int32 = -128, sum: Float = 0
                for at in lines.elements(from: start) { top = max(top, x[at]) }
                for at in lines.elements(from: start) { sum += powers[Int(top &- x[at])] }
                for at in lines.elements(from: start) {
                    y[at] = UInt8(truncatingIfNeeded: rounding.integer(powers[Int(top &- x[at])] / sum / resultScale))
                }
            }
        }
        return CompiledOperator(kernel, scratchByteCount: ByteCount.of(Float.self, 256))
    }
}
