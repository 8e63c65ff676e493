import AllocationCounter
import GraphIR
import Inference
import ModelFormats
import ModelServing
import Operators
import Tensors

/// One run of a model in models/, against the same run of its graph as the file has it, without fusions.
struct ModelRun: Comparison {
    /// A folder with versions.
    let model: String
    let batch: Int
    private let directory: String

    /// - Parameter directory: the folder that holds the models.
    static func section(models directory: String) -> Section {
        Section(
            title: "Models", summary: "one run on one thread, against the graph without passes; thousands of rows", unit: .thousands,
            comparisons: ["half_plus_two", "digits", "digits_cnn"].flatMap { model in
                [1, 8, 32].map { ModelRun(model: model, batch: $0, directory: directory) }
            })
    }

    var name: String { "\(model), batch \(batch)" }

    func measure(by race: Race) throws -> Outcome {
        let found = try FormatDetector.importer(for: "\(directory)/\(model)/1")
        let imported = try found.importer.load(path: found.modelPath)
        let inputs = try samples(imported)
        let source = try imported.graph(for: imported.signatures[0])
        let optimized = try Engine(source, catalog: StandardOperators.catalog, passes: StandardOperators.passes)
        let plain = try Engine(source, catalog: StandardOperators.catalog, passes: [])
        return try compare(PlannedRun(optimized, inputs), PlannedRun(plain, inputs), race)
    }

    private func compare(_ candidate: PlannedRun, _ reference: PlannedRun, _ race: Race) throws -> Outcome {
        for (left, right) in zip(try candidate.outputs(), try reference.outputs()) {
            try Agreement.check(left, right, tolerance: 1e-4)
        }
        let before = apus_allocation_count()
        try candidate.run()
        let allocationCount = apus_allocation_count() - before
        let pace = try race.run(candidate: { try candidate.run() }, reference: { try reference.run() })
        return Outcome(pace: pace, work: batch, allocationCount: Int(allocationCount))
    }

    /// One plan over one set of inputs, to be run again and again.
    private struct PlannedRun {
        private let engine: Engine
        private let plan: Plan
        private let inputs: [Tensor]
        private let workspace = Workspace()

        init(_ engine: Engine, _ inputs: [Tensor]) throws {
            guard let plan = try engine.plan(for: inputs.map(\.spec)) else {
                throw InvalidComparison(description: "the model has steps that depend on contents")
            }
            (self.engine, self.plan, self.inputs) = (engine, plan, inputs)
        }

        func run() throws { try engine.run(plan, inputs, in: workspace) { _ in } }

        func outputs() throws -> [[Float]] {
            var values: [[Float]] = []
            try engine.run(plan, inputs, in: workspace) { outputs in
                values = (0..<outputs.count).map { outputs.dense($0)?.values() ?? [] }
            }
            return values
        }
    }

    /// Made-up inputs of `batch` rows.
    private func samples(_ model: ImportedModel) throws -> [Tensor] {
        var generator = SampleGenerator()
        return try model.signatures.first?.inputs.map { input in
            let extents = input.tensor?.shape?.dimensions.enumerated().map { axis, dimension in dimension.value ?? (axis == 0 ? batch : 1) }
            guard let type = input.tensor, let extents, let tensor = generator.tensor(TensorSpec(type.elementType, Shape(extents))) else {
                throw InvalidComparison(description: "no values can be made up for input \"\(input.name)\", \(input.type)")
            }
            return tensor
        } ?? []
    }
}
