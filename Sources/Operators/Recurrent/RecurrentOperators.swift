package import GraphIR

/// A long short-term memory.
///
/// - Gates in the order input, output, forget, cell; equations, peepholes and attributes as in ONNX operator LSTM.
struct LSTM: Operator {
    let node: RecurrentNode

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { try node.infer(inputs) }

    func rows(_ inputs: RowInputs) -> RowFlow { node.rows(inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let kernel = try RecurrentKernel(context, node)
        return CompiledOperator(kernel, scratchByteCount: kernel.scratchByteCount, preparedInputs: kernel.preparedInputs)
    }
}

/// A gated recurrent unit.
///
/// - Gates in the order update, reset, hidden; equations and attributes as in ONNX operator GRU.
struct GRU: Operator {
    let node: RecurrentNode

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { Array(try node.infer(inputs).prefix(2)) }

    func rows(_ inputs: RowInputs) -> RowFlow { node.rows(inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let kernel = try RecurrentKernel(context, node)
        return CompiledOperator(kernel, scratchByteCount: kernel.scratchByteCount, preparedInputs: kernel.preparedInputs)
    }
}

/// A plain recurrent layer.
///
/// - Source: ONNX operator RNN.
struct RNN: Operator {
    let node: RecurrentNode

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { Array(try node.infer(inputs).prefix(2)) }

    func rows(_ inputs: RowInputs) -> RowFlow { node.rows(inputs) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let kernel = try RecurrentKernel(context, node)
        return CompiledOperator(kernel, scratchByteCount: kernel.scratchByteCount, preparedInputs: kernel.preparedInputs)
    }
}

/// Operators that walk along a sequence with a state.
package enum RecurrentOperators {
    package static let spellings: [OperatorSpelling] = [
        .onnx("LSTM", since: 7) { reader throws(OperatorError) in
            LSTM(node: try RecurrentNode(reader, .lstm(couplesForget: try reader.flag("input_forget", default: false))))
        },
        .onnx("GRU", since: 3) { reader throws(OperatorError) in
            let resetsAfter = try reader.flag("linear_before_reset", default: false)
            return GRU(node: try RecurrentNode(reader, .gru(resetsAfter: resetsAfter)))
        },
        .onnx("DynamicQuantizeLSTM", domain: "com.microsoft") { reader throws(OperatorError) in
            DynamicQuantizeLSTM(
                node: try RecurrentNode(reader, .lstm(couplesForget: try reader.flag("input_forget", default: false))))
        },
        .onnx("RNN", since: 7) { reader throws(OperatorError) in RNN(node: try RecurrentNode(reader, .rnn)) },
    ]
}
