import GraphIR
import Tensors

/// The index of the largest or smallest element along the axis that input 1 names; the axis goes and must not be empty.
///
/// - Types: every number and bool; the index is int64, int32, int16 or uint16, which cut what they cannot hold.
/// - Numerics: among equals the first counts; NaN is never chosen before a number.
/// - Source: TensorFlow ArgMax, ArgMin.
struct IndexOfExtremum: Operator {
    let isMaximum: Bool
    let output: ElementType

    var name: String { isMaximum ? "ArgMax" : "ArgMin" }
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        guard [.int64, .int32, .int16, .uint16].contains(output) else { throw .unsupported("an index of type \(output)") }
        let data = try inputs.required(0, of: ElementTypes.numbers.union([.bool]))
        let dimension = try inputs.required(1, of: [.int16, .int32, .int64])
        if let count = dimension.concrete?.shape.elementCount, count != 1 {
            throw .invalidInput(index: 1, reason: "has \(count) numbers, expected one axis")
        }
        guard var shape = data.shape else { return [ValueFact(output, nil as SymbolicShape?)] }
        guard shape.rank > 0 else { throw .invalidInput(index: 0, reason: "is a scalar, which has no axis") }
        guard let axis = dimension.integers?.first else { return [ValueFact(output, SymbolicShape(unknownRank: shape.rank - 1))] }
        let resolved = try Axes.resolve(axis, rank: shape.rank)
        guard shape[resolved] != .known(0) else {
            throw .invalidInput(index: 0, reason: "has shape \(shape): axis \(resolved) is empty and has no extremum")
        }
        shape.dimensions.remove(at: resolved)
        return [ValueFact(output, shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard inputs.isFixed(1), let axis = inputs.integers(1)?.first else { return .mixed(RowReason.counted) }
            return inputs.linewise(along: [try Axes.resolve(axis, rank: inputs.extents(0)?.count ?? 0)], keepsAxes: false)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            guard let axis = context.constant(1)?.integers?.first else {
                throw .invalidInput(index: 1, reason: "must be constant when the kernel is made")
            }
            let data = try context.input(0)
            let lines = AxisLines(data.shape, axis: try Axes.resolve(axis, rank: data.shape.rank))
            let maker = Maker(lines: lines, isMaximum: isMaximum, output: output)
            guard data.elementType != .bool else { return CompiledOperator(maker.integer(UInt8.self)) }
            return CompiledOperator(try maker.make(data.elementType, for: name))
        }
    }

    private struct Maker: NumberMaker {
        let lines: AxisLines
        let isMaximum: Bool
        let output: ElementType

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> LoopKernel {
            isMaximum ? kernel(Scalar.min) { $0 > $1 } : kernel(Scalar.max) { $0 < $1 }
        }

        func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> LoopKernel {
            isMaximum ? kernel(-Scalar.infinity) { $0 > $1 } : kernel(Scalar.infinity) { $0 < $1 }
        }

        @inline(__always)
        private func kernel<Scalar: TensorScalar>(
            _ least: Scalar, _ replaces: @escaping @Sendable (Scalar, Scalar) -> Bool
        ) -> LoopKernel {
            switch output {
            case .int64: kernel(least, replaces, Int64.self)
            case .int32: kernel(least, replaces, Int32.self)
            default: kernel(least, replaces, UInt16.self)
            }
        }

        /// Of 16 bits the sign does not matter.
        @inline(__always)
        private func kernel<Scalar: TensorScalar, Index: FixedWidthInteger & Sendable>(
            _ least: Scalar, _ replaces: @escaping @Sendable (Scalar, Scalar) -> Bool, _: Index.Type
        ) -> LoopKernel {
            let lines = lines
            return LoopKernel { context in
                let x = context.input(0, as: Scalar.self)
                var y = context.output(0, as: Index.self)
                let step = lines.innerCount
                lines.forEachLine { start in
                    var best = 0, extremum = least
                    for index in 0..<lines.extent where replaces(x[start + index * step], extremum) {
                        best = index
                        extremum = x[start + index * step]
                    }
                    y.pointee = Index(truncatingIfNeeded: best)
                    y += 1
                }
            }
        }
    }
}
