import GraphIR
import Operators
import Tensors
import Testing

@Suite("Tensor layouts")
struct TensorLayoutTests {
    @Test("name the axes of data of every rank", arguments: 2...5)
    func axes(_ rank: Int) {
        #expect(TensorLayout.channelsFirst.channelAxis(rank: rank) == 1)
        #expect(TensorLayout.channelsFirst.spatialAxes(rank: rank) == 2..<rank)
        #expect(TensorLayout.channelsLast.channelAxis(rank: rank) == rank - 1)
        #expect(TensorLayout.channelsLast.spatialAxes(rank: rank) == 1..<rank - 1)
    }

    private static let pooling: PoolingAttributes = {
        var attributes = PoolingAttributes(window: WindowAttributes(kernel: [2, 2], strides: [2, 2]))
        attributes.layout = .channelsLast
        return attributes
    }()

    /// Operators over channels-last data, what beside the data they take, their result for [2, 4, 6, 3], and whether they have a kernel.
    private static let operators: [(op: any Operator, parameters: [Shape], result: Shape, hasKernel: Bool)] = {
        var conv = Conv(window: WindowAttributes(pads: [1, 1, 1, 1])),
            transposed = ConvTranspose(window: WindowAttributes(strides: [2, 2]))
        conv.layout = .channelsLast
        transposed.layout = .channelsLast
        var groups = GroupNormalization(groups: nil), local = LocalResponseNormalization(size: 3)
        groups.layout = .channelsLast
        local.layout = .channelsLast
        let vector: Shape = [3]
        return [
            (conv, [[5, 3, 3, 3], [5]], [2, 4, 6, 5], true), (transposed, [[3, 5, 2, 2]], [2, 8, 12, 5], false),
            (MaxPool(attributes: pooling), [], [2, 2, 3, 3], true), (AveragePool(attributes: pooling), [], [2, 2, 3, 3], true),
            (LpPool(attributes: pooling), [], [2, 2, 3, 3], false),
            (GlobalPool(.average, layout: .channelsLast), [], [2, 1, 1, 3], true),
            (BatchNormalization(layout: .channelsLast), [vector, vector, vector, vector], [2, 4, 6, 3], false),
            (groups, [vector, vector], [2, 4, 6, 3], false), (local, [], [2, 4, 6, 3], true),
        ]
    }()

    @Test("decide shapes, and are refused as unsupported where there is no kernel", arguments: operators.indices)
    func channelsLast(_ index: Int) throws {
        let (op, parameters, result, hasKernel) = Self.operators[index]
        let specs = ([[2, 4, 6, 3]] + parameters).map { TensorSpec(.float32, $0) }
        let facts = try op.infer(OperatorInputs(specs.map { ValueFact($0.type) }))
        #expect(facts[0].concrete?.shape == result, "\(op.name)")
        let context = CompileContext(
            inputs: specs, outputs: [TensorSpec(.float32, result)], constants: [Tensor?](repeating: nil, count: specs.count))
        do {
            _ = try op.compile(context)
            if hasKernel { return }
            Issue.record("\(op.name) is compiled for channels-last data")
        } catch {
            #expect(error.isUnsupported && "\(error)".contains("NHWC"), "\(error)")
        }
    }
}
