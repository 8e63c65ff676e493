import AllocationCounter
import Foundation
import Inference
import ModelFormats
import Operators
import Tensors
import Testing

/// The promise that execution allocates nothing, on real networks.
@Suite("Allocation")
struct AllocationTests {
    @Test("a run of a real model allocates nothing after the first one of its shape")
    func allocatesNothing() throws {
        var staticModels = 0
        for folder in try Fixtures.folders(in: Fixtures.root.appendingPathComponent("Models")) {
            guard FileManager.default.fileExists(atPath: folder.appendingPathComponent("meta.json").path) else { continue }
            let entry = try ConformanceCase(entry: folder, meta: try CorpusMeta(folder: folder))
            let engine = try Engine(entry.model.graph, catalog: StandardOperators.catalog, passes: StandardOperators.passes)
            for run in entry.runs {
                let plan = try engine.plan(for: run.inputs.map(\.spec))
                guard plan.isStatic else { continue }
                staticModels += 1
                #expect(try allocations(of: plan, in: engine, over: run.inputs) == 0, "\(entry.name), \(run.name)")
            }
        }
        #expect(staticModels >= 12, "most models must have plans that are decided ahead")
    }

    @Test("the counter counts")
    func counts() {
        let before = apus_allocation_count()
        withExtendedLifetime([Int](repeating: 1, count: 1000)) {}
        withExtendedLifetime(TensorStorage(byteCount: 64)) {}
        #expect(apus_allocation_count() > before)
    }

    /// Heap allocations of this thread in the runs after the first.
    private func allocations(of plan: Plan, in engine: Engine, over inputs: [Tensor]) throws -> UInt {
        try withExtendedLifetime(inputs) {
            try engine.withSession(plan) { session in
                for (index, input) in inputs.enumerated() { session.bind(input: index, to: input.view.baseAddress) }
                try session.run()
                let before = apus_allocation_count()
                for _ in 0..<3 { try session.run() }
                return apus_allocation_count() - before
            }
        }
    }
}
