import CKernels
import GraphIR
import Tensors

/// Element-wise equality, or its negation, with broadcasting; the result is bool.
///
/// - Shapes: operands that do not broadcast are refused, or count as unequal as wholes (one scalar) where `refusesShapes` is false.
/// - Types: all but strings, for which `TextEquality` is; NaN equals nothing.
/// - Source: TensorFlow Equal, NotEqual.
struct Equality: Operator {
    let isNegated: Bool
    var refusesShapes = true

    var name: String { isNegated ? "NotEqual" : "Equal" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        _ = try inputs.dense(0)
        try inputs.checkSameType(1, as: 0)
        return [ValueFact(.bool, try EqualityShape(refusesShapes: refusesShapes).result(inputs))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { EqualityShape(refusesShapes: refusesShapes).rows(inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let first = try context.input(0), second = try context.input(1)
        guard Shape.broadcast(first.shape, second.shape) != nil else {
            let answer = isNegated
            return CompiledOperator(LoopKernel { context in context.output(0, as: Bool.self).pointee = answer })
        }
        let walk = BroadcastWalk(result: context.outputs[0].shape, operands: [first.shape, second.shape])
        switch first.elementType {
        case .complex64: return CompiledOperator(LoopKernel(pair: body(walk, Complex<Float>.self)))
        case .complex128: return CompiledOperator(LoopKernel(pair: body(walk, Complex<Double>.self)))
        case .bool: return CompiledOperator(LoopKernel(pair: body(walk, UInt8.self)), inPlace: context.inPlace(0..<2))
        default: break
        }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let type = try context.input(0).elementType
            guard type == .float32 else {
                let body = try Maker(equality: self, walk: walk).make(type, for: name)
                return CompiledOperator(LoopKernel(pair: body), inPlace: context.inPlace(0..<2))
            }
            let equal = walk.body(context.functions.elementwise.equal_f32), count = context.outputs[0].shape.elementCount
            guard isNegated else { return CompiledOperator(LoopKernel(pair: equal)) }
            return CompiledOperator(
                LoopKernel(pair: { (y, a, b) throws(OperatorError) in
                    try equal(y, a, b)
                    Loops.map(y, UnsafeRawPointer(y), count) { (x: UInt8) in x == 0 }
                }))
        }
    }

    @inline(__always)
    private func body<Element: Equatable & SendableMetatype>(_ walk: BroadcastWalk, _: Element.Type) -> PairBody {
        if isNegated { return { y, a, b in Loops.pair(walk, y, a, b) { (a: Element, b: Element) in a != b } } }
        return { y, a, b in Loops.pair(walk, y, a, b) { (a: Element, b: Element) in a == b } }
    }

    private struct Maker: NumberMaker {
        let equality: Equality
        let walk: BroadcastWalk

        func integer<Scalar: FixedWidthInteger & TensorScalar>(_ type: Scalar.Type) -> PairBody { equality.body(walk, type) }
        func floatingPoint<Scalar: FloatingScalar>(_ type: Scalar.Type) -> PairBody { equality.body(walk, type) }
    }
}

/// The shape of an equality's result.
struct EqualityShape {
    let refusesShapes: Bool

    func result(_ inputs: OperatorInputs) throws(OperatorError) -> SymbolicShape? {
        if refusesShapes { return try Broadcasting.resultShape(inputs, 0..<2) }
        guard let first = try inputs.required(0).shape, let second = try inputs.required(1).shape else { return nil }
        guard let joined = SymbolicShape.broadcast(first, second) else { return SymbolicShape([]) }
        return Self.surelyBroadcast(first, second) ? joined : nil
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let first = inputs.extents(0), let second = inputs.extents(1), Shape.broadcast(Shape(first), Shape(second)) != nil else {
            return .mixed(RowReason.unknown)
        }
        return inputs.broadcast(0..<2)
    }

    /// Whether the shapes broadcast whatever their open extents turn out to be.
    private static func surelyBroadcast(_ first: SymbolicShape, _ second: SymbolicShape) -> Bool {
        zip(first.dimensions.reversed(), second.dimensions.reversed()).allSatisfy { left, right in
            left == .known(1) || right == .known(1) || (left == right && left != .unknown)
        }
    }
}
