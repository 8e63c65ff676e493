import GraphIR
import Tensors

/// Where the inputs of Attention and QAttention stand, and how their input becomes queries, keys and values.
struct ProjectedAttentionInputs: Sendable {
    static let x = 0, weights = 1, bias = 2

    let isQuantized: Bool
    let mask: Int
    let past: Int
    var addend: Int?

    static let real = ProjectedAttentionInputs(isQuantized: false, mask: 3, past: 4, addend: 5)
    static let quantized = ProjectedAttentionInputs(isQuantized: true, mask: 5, past: 8)

    /// Of a quantized attention.
    private static let scale = 3, weightsScale = 4, zero = 6, weightsZero = 7

    /// Checks the inputs' number and types.
    ///
    /// - Returns: the type that is computed in.
    func check(_ inputs: OperatorInputs, of name: String) throws(OperatorError) -> ElementType {
        try inputs.checkCount(isQuantized ? 5...9 : 2...7)
        if !isQuantized { try AttentionInputs.refuse(6..<7, inputs, of: name) }
        let x = try inputs.required(Self.x, of: isQuantized ? LinearTypes.eightBits : [.float32, .float16, .bfloat16])
        let type: ElementType = isQuantized ? .float32 : x.elementType
        if isQuantized { try checkQuantization(inputs) } else { _ = try inputs.required(Self.weights, of: [type]) }
        for index in [Self.bias, past] + [addend].compactMap(\.self) where inputs[index] != nil {
            _ = try inputs.required(index, of: [type])
        }
        if inputs[mask] != nil { _ = try inputs.required(mask, of: [.int32]) }
        return type
    }

    private func checkQuantization(_ inputs: OperatorInputs) throws(OperatorError) {
        let x = try inputs.required(Self.x), weights = try inputs.required(Self.weights, of: LinearTypes.eightBits)
        try inputs.checkOneNumber(Self.scale, of: [.float32])
        if inputs[Self.zero] != nil { try inputs.checkOneNumber(Self.zero, of: [x.elementType]) }
        try MatrixParameter.check(inputs, Self.weightsScale, of: [.float32], matrix: Self.weights, axis: 1)
        guard inputs[Self.weightsZero] != nil else { return }
        try MatrixParameter.check(inputs, Self.weightsZero, of: [weights.elementType], matrix: Self.weights, axis: 1)
    }

    /// The product of x, `rows` rows of `steps` elements, and the weights, with the bias.
    func projection(
        _ context: CompileContext, rows: Int, steps: Int, columns: Int
    ) throws(OperatorError) -> CompiledOperator {
        guard isQuantized else {
            return try LinearKernel.compile(
                context, weights: RightOperand(rows: steps, columns: columns, transposed: false, scale: 1), rows: rows,
                bias: context.present(Self.bias))
        }
        func parameter(_ index: Int, lines: Int) throws(OperatorError) -> MatrixParameter? {
            context.has(index) ? try MatrixParameter(context, index, lines: lines) : nil
        }
        return IntegerMatMulKernel(
            geometry: ProductGeometry(Shape([rows, steps]), Shape([steps, columns])),
            left: .integers(isSigned: try context.input(Self.x).elementType == .int8), leftInput: Self.x,
            weights: try IntegerOperand.matrix(context, input: Self.weights, steps: steps, columns: columns, transposed: false),
            leftZero: try parameter(Self.zero, lines: rows), rightZero: try parameter(Self.weightsZero, lines: columns),
            leftScale: try parameter(Self.scale, lines: rows), rightScale: try parameter(Self.weightsScale, lines: columns),
            result: .real(bias: context.present(Self.bias))
        ).compiled
    }
}
