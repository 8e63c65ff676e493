import GraphIR
import Tensors

/// Between which of the boundaries each number lies: how many of them it reaches, as int32.
///
/// - Types: int32, int64, float32, float64. NaN counts as above all.
/// - Source: TensorFlow Bucketize.
struct Bucketize: Operator {
    /// Ascending.
    let boundaries: [Float]

    init(boundaries: [Float]) throws(OperatorError) {
        guard zip(boundaries, boundaries.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw .invalidAttribute(name: "boundaries", reason: "are not in ascending order")
        }
        self.boundaries = boundaries
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(.int32, try inputs.required(0, of: [.int32, .int64, .float32, .float64]).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0)
        let maker = Maker(boundaries: boundaries, count: input.shape.elementCount)
        return CompiledOperator(LoopKernel(map: try maker.make(input.elementType, for: name)))
    }

    private struct Maker: NumberMaker {
        let boundaries: [Float]
        let count: Int

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> MapBody {
            let boundaries = boundaries, count = count
            return { y, x in Loops.map(y, x, count) { (x: Scalar) in Self.bucket(boundaries) { Float(x) < $0 } } }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> MapBody {
            let boundaries = boundaries, count = count
            return { y, x in Loops.map(y, x, count) { (x: Scalar) in Self.bucket(boundaries) { x < Scalar($0) } } }
        }

        /// The first boundary that the number lies below.
        @inline(__always)
        private static func bucket(_ boundaries: [Float], _ isBelow: (Float) -> Bool) -> Int32 {
            var low = 0, high = boundaries.count
            while low < high {
                let middle = (low + high) / 2
                if isBelow(boundaries[middle]) { high = middle } else { low = middle + 1 }
            }
            return Int32(truncatingIfNeeded: low)
        }
    }
}
