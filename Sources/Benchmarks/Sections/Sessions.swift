import AllocationCounter
import GraphIR
import Inference
import ModelFormats
import ModelServing
import Operators
import Tensors

/// One run of a model that comes along, against the same run of its graph as the file has it, without fusions.
struct SessionRun: Comparison {
    /// A folder with versions.
    let model: String
    let batch: Int
    private let directory: String

    /// - Parameter directory: the folder that holds the models.
    static func section(models directory: String) -> Section {
        Section(
            title: "Sessions", summary: "one run on one thread, against the graph without passes; thousands of rows", unit: .thousands,
            comparisons: ["half_plus_two", "digits", "digits_cnn"].flatMap { model in
                [1, 8, 32].map { SessionRun(model: model, batch: $0, directory: directory) }
            })
    }

    var name: String { "\(model), batch \(batch)" }

    func measure(by race: Race) throws -> Outcome {
        let found = try FormatDetector.importer(for: "\(directory)/\(model)/1")
        let imported = try found.importer.load(path: found.modelPath)
        let inputs = try samples(imported)
        let optimized = try Engine(imported.graph, catalog: StandardOperators.catalog, passes: StandardOperators.passes)
        let plain = try Engine(imported.graph, catalog: StandardOperators.catalog, passes: [])
        return try withExtendedLifetime(inputs) {
            try withSession(of: optimized, inputs) { candidate in
                try withSession(of: plain, inputs) { reference in try compare(candidate, reference, race) }
            }
        }
    }

    private func compare(_ candidate: InferenceSession, _ reference: InferenceSession, _ race: Race) throws -> Outcome {
        try candidate.run()
        try reference.run()
        for index in candidate.plan.outputs.indices {
            try Agreement.check(candidate.output(index).values(), reference.output(index).values(), tolerance: 1e-4)
        }
        let before = apus_allocation_count()
        try candidate.run()
        let allocationCount = apus_allocation_count() - before
        let pace = try race.run(candidate: { try candidate.run() }, reference: { try reference.run() })
        return Outcome(pace: pace, work: batch, allocationCount: Int(allocationCount))
    }

    private func withSession<Result>(
        of engine: Engine, _ inputs: [Tensor], _ body: (InferenceSession) throws -> Result
    ) throws -> Result {
        try engine.withSession(engine.plan(for: inputs.map(\.spec))) { session in
            for (index, input) in inputs.enumerated() { session.bind(input: index, to: input.view.baseAddress) }
            return try body(session)
        }
    }

    /// Made-up inputs of `batch` rows.
    private func samples(_ model: ImportedModel) throws -> [Tensor] {
        var generator = SampleGenerator()
        return try model.signatures.first?.inputs.map { input in
            let extents = input.type.shape?.dimensions.enumerated().map { axis, dimension in dimension.value ?? (axis == 0 ? batch : 1) }
            guard let extents, let tensor = generator.tensor(TensorSpec(input.type.elementType, Shape(extents))) else {
                throw InvalidComparison(description: "no values can be made up for input \"\(input.name)\", \(input.type)")
            }
            return tensor
        } ?? []
    }
}
