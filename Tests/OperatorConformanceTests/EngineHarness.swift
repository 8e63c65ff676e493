import Inference
import ModelFormats
import Operators
import Tensors
import Testing

/// One way to run the engine: a kernel level, with or without the passes that change graphs.
struct EngineConfiguration: Sendable, CustomTestStringConvertible {
    /// As in `APUS_ISA`.
    let level: String
    let isOptimized: Bool

    /// Every level of this machine, each with and without passes.
    static let all: [EngineConfiguration] = InstructionSet.available.reversed()
        .flatMap { level in [true, false].map { EngineConfiguration(level: level.name, isOptimized: $0) } }

    var testDescription: String { "\(level), \(isOptimized ? "with" : "without") passes" }

    /// Runs models on the engine.
    var runner: ConformanceRunner {
        ConformanceRunner { model in
            let passes = isOptimized ? StandardOperators.passes : []
            let state = ModelState(kernels: try InstructionSet.named(level).kernels)
            let source = try model.graph(for: model.signatures[0])
            let engine = try Engine(source, catalog: StandardOperators.catalog, passes: passes, state: state)
            return { inputs in try engine.run(inputs) }
        }
    }

    /// What is wrong with the case when its kernels are compiled for this level.
    func failure(of entry: ConformanceCase) -> String? { runner.failure(of: entry) }
}
