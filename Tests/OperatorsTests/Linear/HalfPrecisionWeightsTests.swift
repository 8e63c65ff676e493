import GraphIR
import Operators
import Tensors
import Testing

/// Products and convolutions of 16-bit floats, against the same operator over the widened operands.
@Suite("Half-precision weights")
struct HalfPrecisionWeightsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let op: any Operator
        /// Data, weights, then what else there is.
        let shapes: [Shape]
        var testDescription: String { name }
    }

    static let cases: [Case] = {
        var fused = Linear()
        fused.activation = .silu
        fused.transposesWeights = true
        var conv = Conv(window: WindowAttributes(pads: [1, 1, 1, 1]))
        conv.activation = .relu
        return [
            Case(name: "MatMul", op: MatMul(), shapes: [[3, 7, 40], [40, 33]]),
            Case(name: "MatMul of stacks", op: MatMul(), shapes: [[2, 5, 6], [2, 6, 3]]),
            Case(name: "Gemm", op: Gemm(alpha: 0.5), shapes: [[9, 20], [20, 17], [17]]),
            Case(name: "Gemm of a transposed left matrix", op: Gemm(transposesLeft: true), shapes: [[20, 9], [20, 17], [9, 1]]),
            Case(name: "Linear", op: fused, shapes: [[9, 20], [17, 20], [17], [9, 17]]),
            Case(name: "Conv", op: conv, shapes: [[2, 3, 6, 7], [5, 3, 3, 3], [5], [2, 5, 6, 7]]),
            Case(name: "dense Conv", op: Conv(), shapes: [[2, 3, 4, 4], [5, 3, 4, 4], [5]]),
            Case(name: "depthwise Conv", op: Conv(groups: 4), shapes: [[2, 4, 6, 7], [4, 1, 3, 3], [4]]),
            Case(
                name: "ConvTranspose", op: ConvTranspose(window: WindowAttributes(strides: [2, 2])),
                shapes: [[2, 3, 4, 5], [3, 4, 3, 3], [4]]),
        ]
    }()

    /// Operands that a 16-bit float holds exactly, in that type.
    private func operands(_ shapes: [Shape], _ type: ElementType) -> [Tensor] {
        shapes.enumerated().map { index, shape in
            Tensor(SampleData.values(shape.elementCount, seed: UInt64(index + 1)).map { ($0 * 16).rounded() / 16 }, type, shape)
        }
    }

    @Test("agree with float32 within half precision on every level", arguments: cases, [ElementType.float16, .bfloat16])
    func agreement(_ entry: Case, _ type: ElementType) throws {
        let half = operands(entry.shapes, type), wide = half.map { Tensor($0.numbers, .float32, $0.shape) }
        let expected = try evaluate(entry.op, wide)[0]
        for constants in [[], [1], Set(1..<half.count)] as [Set<Int>] {
            for (isa, outputs) in try evaluateOnEveryLevel(entry.op, half, constants: constants) {
                #expect(outputs[0].elementType == type)
                let step = type == .float16 ? 0x1p-10 : 0x1p-7
                expectNumbers(
                    outputs[0], expected.numbers, relative: step, absolute: step / 4, "\(isa.name), constant \(constants.sorted())")
            }
        }
    }

    @Test("keep no float32 copy of constant weights beside the packed form", arguments: cases.filter { $0.name != "MatMul of stacks" })
    func noCopy(_ entry: Case) throws {
        let half = operands(entry.shapes, .float16)
        let facts = try entry.op.infer(OperatorInputs(half.map { ValueFact($0.spec.type) }))
        let store = ConstantStore()
        let context = CompileContext(
            inputs: half.map(\.spec), outputs: [try #require(facts[0].concrete)], constants: [nil, half[1]],
            store: store, constantKeys: [nil, 7])
        let compiled = try entry.op.compile(context)
        #expect(compiled.preparedInputs == [1])
        var copies = 0
        _ = try context.prepared(1, form: "float32") { tensor in
            copies += 1
            return tensor
        }
        // The copy is made anew: none was kept. Only a left matrix that is transposed is multiplied unpacked.
        #expect(copies == (entry.name.contains("transposed left") ? 0 : 1))
    }

    @Test("a product of two element types is refused as unsupported")
    func mixed() throws {
        let x = ValueFact(.float16, [2, 3] as Shape), weights = ValueFact(.bfloat16, [3, 4] as Shape)
        let ops: [any Operator] = [MatMul(), Gemm(), Linear()]
        for op in ops {
            do {
                _ = try op.infer(OperatorInputs([x, weights]))
                Issue.record("\(op.name) takes \(x.type) and \(weights.type)")
            } catch {
                #expect(error.isUnsupported, "\(error)")
            }
        }
    }
}
