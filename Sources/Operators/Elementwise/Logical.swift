import GraphIR
import Tensors

/// Element-wise logic on bool operands with broadcasting.
///
/// - Source: ONNX And, Or, Xor (opset 1–7; `axis` and `broadcast` before opset 7).
struct Logical: Operator {
    enum Function: String, Sendable, CaseIterable {
        case and = "And", or = "Or", xor = "Xor"
    }

    let function: Function
    var rule = BroadcastRule.multidirectional

    var name: String { function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let first = try inputs.required(0, of: [.bool]), second = try inputs.required(1, of: [.bool])
        return [ValueFact(.bool, try rule.resultShape(first, second))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { rule.rows(inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let first = try context.input(0).shape
        let second = try rule.secondShape(try context.input(1).shape, first: first)
        let walk = BroadcastWalk(result: context.outputs[0].shape, operands: [first, second])
        return CompiledOperator(LoopKernel(pair: body(walk)), inPlace: context.inPlace(0..<2))
    }

    /// A bool is a byte, and any byte but 0 counts as true.
    private func body(_ walk: BroadcastWalk) -> PairBody {
        switch function {
        case .and: { y, a, b in Loops.pair(walk, y, a, b) { (a: UInt8, b: UInt8) in a != 0 && b != 0 } }
        case .or: { y, a, b in Loops.pair(walk, y, a, b) { (a: UInt8, b: UInt8) in a | b != 0 } }
        case .xor: { y, a, b in Loops.pair(walk, y, a, b) { (a: UInt8, b: UInt8) in (a != 0) != (b != 0) } }
        }
    }
}

/// Element-wise negation of bool elements.
///
/// - Source: ONNX Not (opset 1).
struct Not: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.required(0, of: [.bool]).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = context.outputs[0].shape.elementCount
        let kernel = LoopKernel(map: { y, x in Loops.map(y, x, count) { (x: UInt8) in x == 0 } })
        return CompiledOperator(kernel, inPlace: context.inPlace(0..<1))
    }
}
