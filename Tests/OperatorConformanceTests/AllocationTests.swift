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
            let engine = try Engine(
                entry.model.graph(for: entry.model.signatures[0]), catalog: StandardOperators.catalog, passes: StandardOperators.passes)
            for run in entry.runs {
                guard let plan = try engine.plan(for: run.inputs.map(\.spec)) else { continue }
                staticModels += 1
                #expect(try allocations(of: plan, in: engine, over: run.inputs) == 0, "\(entry.name), \(run.name)")
            }
        }
        #expect(staticModels >= 12, "most models must have plans that are decided ahead")
    }

    @Test("the counter counts")
    func counts() throws {
        let before = apus_allocation_count()
        withExtendedLifetime([Int](repeating: 1, count: 1000)) {}
        withExtendedLifetime(try TensorStorage(byteCount: 64)) {}
        #expect(apus_allocation_count() > before)
    }

    /// Heap allocations of this thread in the runs after the first.
    private func allocations(of plan: Plan, in engine: Engine, over inputs: [Tensor]) throws -> UInt {
        let workspace = Workspace()
        func run() throws { try engine.run(plan, inputs, in: workspace) { _ in } }
        try run()
        let before = apus_allocation_count()
        for _ in 0..<3 { try run() }
        return apus_allocation_count() - before
    }
}
