import CKernels
import GraphIR
import Operators
import Tensors
import Testing

/// Kernels large enough to be cut into parts. `evaluate` runs all parts at the same time in a shuffled order, each with scratch
/// memory of its own, and compares with a whole run.
@Suite("Kernels in parts")
struct KernelPartsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let op: any Operator
        let shapes: [Shape]
        var constants: Set<Int> = [1, 2]
        var testDescription: String { name }
    }

    static let products: [Case] = {
        var fused = Linear()
        fused.activation = .gelu
        return [
            Case(name: "product of many rows", op: fused, shapes: [[331, 65], [65, 43], [43], [331, 43]]),
            Case(name: "product of rows in several blocks", op: fused, shapes: [[1201, 300], [300, 40], [40], [1201, 40]]),
            Case(name: "product of few rows", op: fused, shapes: [[7, 130], [130, 1030], [1030], [7, 1030]]),
            Case(name: "product of one row", op: MatMul(), shapes: [[1, 512], [512, 777]]),
        ]
    }()

    static let convolutions: [Case] = {
        var fused = Conv(window: WindowAttributes(pads: [1, 1, 1, 1]))
        fused.activation = .silu
        let depthwise = Conv(window: WindowAttributes(strides: [2, 2], pads: [1, 1, 1, 1]), groups: 24)
        return [
            Case(name: "convolution of several images", op: fused, shapes: [[3, 5, 40, 41], [19, 5, 3, 3], [19], [3, 19, 40, 41]]),
            Case(name: "convolution of few outputs", op: fused, shapes: [[1, 64, 7, 7], [130, 64, 3, 3], [130], [1, 130, 7, 7]]),
            Case(name: "pointwise convolution", op: Conv(), shapes: [[2, 33, 15, 17], [70, 33, 1, 1], [70]]),
            Case(name: "grouped convolution", op: Conv(groups: 3), shapes: [[2, 12, 20, 20], [21, 4, 3, 3], [21]]),
            Case(name: "depthwise convolution", op: depthwise, shapes: [[2, 24, 90, 91], [24, 1, 3, 3], [24]]),
        ]
    }()

    static let rows: [Case] = [
        Case(name: "layer normalisation", op: LayerNormalization(), shapes: [[300, 257], [257], [257]]),
        Case(name: "layer normalisation by one scale", op: LayerNormalization(), shapes: [[300, 257], [1], [257]]),
    ]

    @Test("give together what a whole run gives", arguments: products + convolutions + rows)
    func agreement(_ entry: Case) throws {
        let inputs = entry.shapes.enumerated().map { SampleData.floats($1, seed: UInt64($0 + 1)) }
        let facts = try entry.op.infer(OperatorInputs(inputs.map { ValueFact($0.spec.type) }))
        let constants = entry.constants.filter { $0 < inputs.count }
        for isa in KernelLevels.available {
            let context = CompileContext(
                inputs: inputs.map(\.spec), outputs: [try #require(facts[0].concrete)],
                constants: inputs.indices.map { constants.contains($0) ? inputs[$0] : nil }, kernels: try isa.kernels())
            guard case .kernel(let kernel) = try entry.op.compile(context).body else {
                Issue.record("\(entry.name) is no kernel")
                continue
            }
            #expect((2...64).contains(kernel.parts), "\(isa.name): \(kernel.parts) parts")
            _ = try evaluate(entry.op, inputs, constants: constants, isa: isa)
        }
    }

    @Test("element-wise functions and softmax are cut too", arguments: ["Exp", "LeakyRelu", "Softmax", "Softmax of columns"])
    func others(_ name: String) throws {
        let isSoftmax = name.hasPrefix("Softmax"), word = isSoftmax ? "Softmax" : name
        let spellings = ElementwiseOperators.spellings + ActivationOperators.spellings
        let op = try makeOperator(word, in: spellings, attributes: isSoftmax ? ["axis": .integer(name == word ? 2 : 1)] : [:])
        let x = SampleData.floats([37, 129, 33])
        let context = CompileContext(inputs: [x.spec], outputs: [x.spec], constants: [nil])
        guard case .kernel(let kernel) = try op.compile(context).body else {
            Issue.record("\(name) is no kernel")
            return
        }
        #expect(kernel.parts > 1)
        for (isa, outputs) in try evaluateOnEveryLevel(op, [x]) { #expect(outputs[0].shape == x.shape, "\(isa.name)") }
    }

    @Test("small kernels are of one part, and so are those that pack weights which come at run time")
    func whole() throws {
        func parts(_ op: any Operator, _ shapes: [Shape], constant: Bool) throws -> Int {
            let inputs = shapes.map { SampleData.floats($0) }
            let facts = try op.infer(OperatorInputs(inputs.map { ValueFact($0.spec.type) }))
            let context = CompileContext(
                inputs: inputs.map(\.spec), outputs: [try #require(facts[0].concrete)], constants: [nil, constant ? inputs[1] : nil])
            guard case .kernel(let kernel) = try op.compile(context).body else { return 0 }
            return kernel.parts
        }
        #expect(try parts(Linear(), [[4, 8], [8, 8]], constant: true) == 1)
        #expect(try parts(Linear(), [[400, 64], [64, 64]], constant: true) > 1)
        #expect(try parts(Linear(), [[400, 64], [64, 64]], constant: false) == 1)
        #expect(try parts(Conv(), [[1, 2, 4, 4], [2, 2, 3, 3]], constant: true) == 1)
        #expect(try parts(Conv(), [[4, 16, 40, 40], [16, 16, 3, 3]], constant: false) == 1)
    }
}
