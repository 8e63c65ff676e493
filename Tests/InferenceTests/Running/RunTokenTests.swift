import GraphIR
import Tensors
import Testing

@testable import Inference

@Suite struct RunTokenTests {
    private static let x = Tensor([1, 2, 3] as [Float], shape: [3])

    /// Stops a token in the middle of a run and counts the runs of its node.
    private final class Stop: Resource {
        let token = RunToken()
        let record = Record()
        var byteCount: Int { 0 }

        var catalog: OperatorCatalog {
            OperatorCatalog(
                Fakes.spellings + [
                    .onnx("Stop") { [self] _ throws(OperatorError) in FakeStop(stop: self) },
                    .onnx("StopDynamic") { [self] _ throws(OperatorError) in DynamicStop(stop: self) },
                ])
        }
    }

    private struct FakeStop: Operator {
        let stop: Stop

        func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { [ValueFact(try inputs.required(0).type)] }

        func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
            let byteCount = context.outputs[0].byteCount
            return .fake { context in
                stop.record.write("ran")
                stop.token.stop(.abandoned)
                context.output(0).copyMemory(from: context.input(0), byteCount: byteCount)
            }
        }
    }

    private struct DynamicStop: DynamicOperator {
        let stop: Stop

        func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { [ValueFact(try inputs.required(0).type)] }

        func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
            stop.record.write("ran")
            stop.token.stop(.shutdown)
            return [try context.copy(context.value(0))]
        }
    }

    /// Two nodes that stop, by themselves or in a loop's body.
    private static func source(_ name: String, inLoop: Bool) -> SourceGraph {
        let nodes = { (input: String) in [Fakes.node(name, [input], ["a"]), Fakes.node(name, ["a"], ["b"])] }
        guard inLoop else { return Fakes.graph(inputs: [("x", Fakes.vector)], outputs: ["b"], nodes("x")) }
        let body = Fakes.subgraph(formals: ["i", "v"], outputs: ["a"], [Fakes.node(name, ["v"], ["a"])])
        return Fakes.graph(
            inputs: [("x", Fakes.vector)], outputs: ["y"], initializers: [("n", Tensor([1000] as [Int64], shape: [1]))],
            [Fakes.node("Loop", ["n", "x"], ["y"], attributes: ["body": body])])
    }

    struct Case: CustomTestStringConvertible {
        var name: String
        var operatorName: String
        var inLoop: Bool
        var reason: RunToken.Reason
        var testDescription: String { name }
    }

    @Test(
        "a run ends before its next step, and the workspace serves the next run",
        arguments: [
            Case(name: "between the steps of a plan", operatorName: "Stop", inLoop: false, reason: .abandoned),
            Case(name: "between dynamic steps", operatorName: "StopDynamic", inLoop: false, reason: .shutdown),
            Case(name: "between the rounds of a loop", operatorName: "Stop", inLoop: true, reason: .abandoned),
            Case(name: "between the rounds of a loop of dynamic steps", operatorName: "StopDynamic", inLoop: true, reason: .shutdown),
        ])
    func stops(_ example: Case) throws {
        let stop = Stop(), ledger = CountingLedger()
        let engine = try Engine(
            Self.source(example.operatorName, inLoop: example.inLoop), catalog: stop.catalog, passes: [],
            state: ModelState(ledger: ledger))
        let workspace = Workspace(ledger: ledger)
        try withExtendedLifetime(Self.x) {
            let inputs = [ValueView.dense(Self.x.view)]
            let failure = #expect(throws: EngineError.self) { try engine.run(inputs, in: workspace, token: stop.token) { _ in } }
            guard case .stopped(example.reason)? = failure else {
                Issue.record("ended with \(String(describing: failure))")
                return
            }
            #expect(stop.record.take() == ["ran"])
            #expect(throws: EngineError.self, "before the first step") { try engine.run(inputs, in: workspace, token: stop.token) { _ in } }
            #expect(stop.record.take() == [])
            let values = try engine.run(inputs, in: workspace, token: RunToken()) { $0.dense(0)?.values(Float.self) }
            #expect(values == [1, 2, 3])
            #expect(stop.record.take().count == (example.inLoop ? 1000 : 2))
        }
        workspace.trim()
        #expect(workspace.byteCount == 0, "nothing was left on the arena")
    }

    @Test("the first reason counts")
    func firstReason() {
        let token = RunToken()
        #expect(!token.isStopped && token.reason == nil)
        token.stop(.deadline)
        token.stop(.shutdown)
        #expect(token.isStopped && token.reason == .deadline)
    }
}
