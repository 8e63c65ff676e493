import GraphIR
import Tensors

/// Element-wise work on the bits of two integer operands with broadcasting.
///
/// - Types: every integer; shifts unsigned ones only. A shift by the type's width or more gives 0.
/// - Source: ONNX BitwiseAnd, BitwiseOr, BitwiseXor (opset 18), BitShift (opset 11).
struct Bitwise: Operator {
    enum Function: String, Sendable, CaseIterable {
        case and = "BitwiseAnd", or = "BitwiseOr", xor = "BitwiseXor"
        case shiftLeft = "LEFT", shiftRight = "RIGHT"
    }

    let function: Function

    private var isShift: Bool { function == .shiftLeft || function == .shiftRight }
    var name: String { isShift ? "BitShift" : function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let first = try inputs.required(0, of: isShift ? ElementTypes.unsignedIntegers : ElementTypes.integers)
        try inputs.checkSameType(1, as: 0)
        return [ValueFact(first.elementType, try Broadcasting.resultShape(inputs, 0..<2))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.broadcast(0..<2) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let first = try context.input(0), second = try context.input(1)
        let walk = BroadcastWalk(result: context.outputs[0].shape, operands: [first.shape, second.shape])
        let body = try Maker(function: function, walk: walk).make(first.elementType, for: name)
        return CompiledOperator(LoopKernel(pair: body), inPlace: context.inPlace(0..<2))
    }

    private struct Maker: BitsMaker {
        let function: Function
        let walk: BroadcastWalk

        func bits<Bits: FixedWidthInteger & UnsignedInteger & TensorScalar>(_: Bits.Type) -> PairBody {
            let walk = walk
            switch function {
            case .and: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Bits, b: Bits) in a & b } }
            case .or: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Bits, b: Bits) in a | b } }
            case .xor: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Bits, b: Bits) in a ^ b } }
            case .shiftLeft: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Bits, b: Bits) in a << b } }
            case .shiftRight: return { y, a, b in Loops.pair(walk, y, a, b) { (a: Bits, b: Bits) in a >> b } }
            }
        }
    }
}

/// Element-wise complement of an integer's bits.
///
/// - Source: ONNX BitwiseNot (opset 18).
struct BitwiseNot: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.required(0, of: ElementTypes.integers).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0]
        let body = try Maker(count: output.shape.elementCount).make(output.elementType, for: name)
        return CompiledOperator(LoopKernel(map: body), inPlace: context.inPlace(0..<1))
    }

    private struct Maker: BitsMaker {
        let count: Int

        func bits<Bits: FixedWidthInteger & UnsignedInteger & TensorScalar>(_: Bits.Type) -> MapBody {
            let count = count
            return { y, x in Loops.map(y, x, count) { (x: Bits) in ~x } }
        }
    }
}
