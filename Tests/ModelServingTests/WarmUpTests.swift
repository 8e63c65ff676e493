import GraphIR
import Inference
import Tensors
import Testing

@testable import ModelServing

@Suite struct WarmUpTests {
    private static func warmUp(_ graph: SourceGraph) throws -> WarmUp {
        WarmUp(engine: try Networks.engine(graph), signature: Networks.signature(graph))
    }

    @Test("a network whose rows are independent is run, measured, and its rows are compared")
    func independent() throws {
        let report = try Self.warmUp(Networks.double).run()
        #expect(report.failure == nil && report.difference == nil)
        #expect(report.rowCost != nil)
    }

    @Test(
        "the experiment sees rows that change in a batch, in every floating-point type",
        arguments: [ElementType.float32, .float64, .float16, .bfloat16])
    func difference(type: ElementType) throws {
        let rows = TensorType(type, SymbolicShape([.symbol("n"), .known(2)]))
        let graph = Networks.graph([Networks.node("Softmax", ["x"], "y", ["axis": .integer(0)])], inputs: [("x", rows)])
        let difference = try #require(try Self.warmUp(graph).run().difference)
        #expect(difference.contains("output \"y\""), "\(difference)")
    }

    @Test("a network that takes no made-up input is served without having been warmed up")
    func failure() throws {
        let graph = Networks.graph([Networks.node("Add", ["x", "x"], "y")], inputs: [("x", TensorType(.float32, nil))])
        #expect(try Self.warmUp(graph).run().failure != nil)
    }

    @Test("without time for more there is one run, and neither a measurement nor a comparison")
    func budget() throws {
        var warmUp = try Self.warmUp(Networks.acrossRows)
        warmUp.budget = .zero
        let report = warmUp.run()
        #expect(report.failure == nil && report.rowCost == nil && report.difference == nil)
        #expect(warmUp.engine.planCount == 1)
    }
}
