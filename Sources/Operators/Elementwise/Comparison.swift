import CKernels
import GraphIR
import Tensors

/// Element-wise comparison with broadcasting; the result is bool.
///
/// - Types: every number, for Equal also bool, and strings by `TextEquality`. Comparisons with NaN are false.
/// - Source: ONNX Equal, Less, Greater (opset 1–19), LessOrEqual, GreaterOrEqual (opset 12–16).
struct Comparison: TextCounterpart {
    enum Function: String, Sendable, CaseIterable {
        case equal = "Equal", less = "Less", lessOrEqual = "LessOrEqual"
        case greater = "Greater", greaterOrEqual = "GreaterOrEqual"
    }

    let function: Function
    var rule = BroadcastRule.multidirectional

    var name: String { function.rawValue }
    var onStrings: (any Operator)? { function == .equal ? TextEquality(isNegated: false) : nil }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let first = try inputs.required(0, of: function == .equal ? ElementTypes.dense : ElementTypes.numbers)
        try inputs.checkSameType(1, as: 0)
        return [ValueFact(.bool, try rule.resultShape(first, try inputs.required(1)))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { rule.rows(inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let first = try context.input(0)
            let second = try rule.secondShape(try context.input(1).shape, first: first.shape)
            // a > b is b < a: two relations serve all four orders.
            let isMirrored = function == .greater || function == .greaterOrEqual
            let operands = isMirrored ? [second, first.shape] : [first.shape, second]
            let walk = BroadcastWalk(result: context.outputs[0].shape, operands: operands)
            let relate = try self.body(first.elementType, walk, context.functions.elementwise)
            let mirrored: PairBody = { (y, a, b) throws(OperatorError) in try relate(y, b, a) }
            return CompiledOperator(LoopKernel(pair: isMirrored ? mirrored : relate), inPlace: context.inPlace(0..<2))
        }
    }

    private var relation: Relation {
        switch function {
        case .equal: .equal
        case .less, .greater: .less
        case .lessOrEqual, .greaterOrEqual: .lessOrEqual
        }
    }

    private func body(
        _ type: ElementType, _ walk: BroadcastWalk, _ kernels: apus_elementwise_kernels
    ) throws(OperatorError) -> PairBody {
        switch (type, relation) {
        case (.float32, .equal): return walk.body(kernels.equal_f32)
        case (.float32, .less): return walk.body(kernels.less_f32)
        case (.float32, .lessOrEqual): return walk.body(kernels.less_or_equal_f32)
        case (.bool, _): return Maker(relation: relation, walk: walk).integer(UInt8.self)
        default: return try Maker(relation: relation, walk: walk).make(type, for: name)
        }
    }

    private enum Relation { case equal, less, lessOrEqual }

    private struct Maker: NumberMaker {
        let relation: Relation
        let walk: BroadcastWalk

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_ type: Scalar.Type) -> PairBody { body(type) }
        func floatingPoint<Scalar: FloatingScalar>(_ type: Scalar.Type) -> PairBody { body(type) }

        @inline(__always)
        private func body<Scalar: Comparable & Sendable>(_: Scalar.Type) -> PairBody {
            let walk = walk
            switch relation {
            case .equal: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a == b } }
            case .less: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a < b } }
            case .lessOrEqual: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Scalar, b: Scalar) in a <= b } }
            }
        }
    }
}
