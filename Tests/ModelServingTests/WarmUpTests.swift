import GraphIR
import Tensors
import Testing

@testable import ModelServing

@Suite struct WarmUpTests {
    @Test("rows that answer alone as in a batch may share one")
    func independent() throws {
        let warmUp = WarmUp(engine: try Networks.engine(Networks.double), signature: Networks.signature(Networks.double))
        let report = warmUp.run()
        #expect(report.outcome == .independentRows)
        #expect(report.rowCost != nil)
    }

    @Test(
        "a network that mixes its rows, or has none, keeps requests apart", arguments: ["softmax over rows", "sum over rows", "fixed rows"])
    func dependent(name: String) throws {
        let graph: SourceGraph
        switch name {
        case "softmax over rows": graph = Networks.acrossRows
        case "sum over rows": graph = Networks.summed
        default:
            graph = Networks.graph(
                [Networks.node("Add", ["x", "x"], "y")], inputs: [("x", TensorType(.float32, SymbolicShape([.known(4)])))])
        }
        let outcome = WarmUp(engine: try Networks.engine(graph), signature: Networks.signature(graph)).run().outcome
        guard case .dependentRows = outcome else {
            Issue.record("\(name): \(outcome)")
            return
        }
    }

    @Test("a network that takes no made-up input is served without having been warmed up")
    func skipped() throws {
        let graph = Networks.graph([Networks.node("Add", ["x", "x"], "y")], inputs: [("x", TensorType(.float32, nil))])
        let outcome = WarmUp(engine: try Networks.engine(graph), signature: Networks.signature(graph)).run().outcome
        guard case .skipped = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }
}
