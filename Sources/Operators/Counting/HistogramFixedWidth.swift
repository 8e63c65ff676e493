import GraphIR
import Tensors

/// How many values fall into each of equal parts of a range; those outside count in the part at their end.
///
/// - Shapes: values of any shape, range [2], a scalar number of parts → [parts].
/// - Types: int32, int64, float32, float64 → int32 or int64. NaN is refused.
/// - Source: TensorFlow HistogramFixedWidth.
struct HistogramFixedWidth: Operator {
    let output: ElementType

    var shapeOperands: Set<Int> { [2] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        guard output == .int32 || output == .int64 else { throw .unsupported("a histogram of type \(output)") }
        _ = try inputs.required(0, of: [.int32, .int64, .float32, .float64])
        try inputs.checkSameType(1, as: 0)
        if let range = try inputs.required(1).shape?.concrete, range.elementCount != 2 {
            throw .invalidInput(index: 1, reason: "has shape \(range), expected the two ends of a range")
        }
        guard let count = try inputs.indices(2).integers?.first else { return [ValueFact(output, SymbolicShape([.unknown]))] }
        guard count > 0 else { throw .invalidInput(index: 2, reason: "is \(count), expected a number of parts above 0") }
        return [ValueFact(output, try SymbolicShape([.known(count)]).checked("the result"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.joined) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let values = try context.input(0)
        let maker = Maker(count: values.shape.elementCount, parts: context.outputs[0].shape[0], isWide: output == .int64)
        return CompiledOperator(try maker.make(values.elementType, for: name))
    }

    private struct Maker: NumberMaker {
        let count: Int
        let parts: Int
        let isWide: Bool

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_ type: Scalar.Type) -> LoopKernel {
            kernel(type) {
                max(Double($0), Double($1)) - Double($1)
            } widen: {
                Double($0)
            }
        }

        func floatingPoint<Scalar: FloatingScalar>(_ type: Scalar.Type) -> LoopKernel {
            kernel(type) {
                $0.isNaN ? .nan : Double(($0 > $1 ? $0 : $1) - $1)
            } widen: {
                Double($0)
            }
        }

        private func kernel<Scalar: Comparable & Sendable>(
            _: Scalar.Type, distance: @escaping @Sendable (Scalar, Scalar) -> Double,
            widen: @escaping @Sendable (Scalar) -> Double
        ) -> LoopKernel {
            let count = count, parts = parts, isWide = isWide
            return LoopKernel { (context) throws(OperatorError) in
                let x = context.input(0, as: Scalar.self), range = context.input(1, as: Scalar.self)
                let step = (widen(range[1]) - widen(range[0])) / Double(parts)
                guard range[0] < range[1], step.isFinite else {
                    throw .invalidValue("the range from \(range[0]) to \(range[1]) is empty or endless")
                }
                context.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: parts * (isWide ? 8 : 4))
                for i in 0..<count {
                    let place = distance(x[i], range[0]) / step
                    guard !place.isNaN else { throw .invalidValue("value \(i) is not a number and falls into no part") }
                    let bin = place < Double(parts - 1) ? Int(place) : parts - 1
                    if isWide {
                        context.output(0, as: Int64.self)[bin] += 1
                    } else {
                        context.output(0, as: Int32.self)[bin] &+= 1
                    }
                }
            }
        }
    }
}
