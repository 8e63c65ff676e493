import CKernels
import Inference
import ModelFormats
import Operators
import Synchronization
import Tensors
import Testing

/// One way to run the engine: a kernel level, with or without the passes that change graphs.
struct EngineConfiguration: Sendable, CustomTestStringConvertible {
    let isa: apus_isa
    let isOptimized: Bool

    /// Every level of this machine, each with and without passes.
    static let all: [EngineConfiguration] = [APUS_ISA_PORTABLE, APUS_ISA_NEON, APUS_ISA_AVX2, APUS_ISA_AVX512]
        .filter { apus_kernels_for($0) != nil }
        .flatMap { isa in [true, false].map { EngineConfiguration(isa: isa, isOptimized: $0) } }

    var testDescription: String { "\(String(cString: apus_isa_name(isa))), \(isOptimized ? "with" : "without") passes" }

    /// Runs models on the engine.
    var runner: ConformanceRunner {
        ConformanceRunner { model in
            let passes = isOptimized ? StandardOperators.passes : []
            let engine = try Engine(model.graph, catalog: StandardOperators.catalog, passes: passes)
            return { inputs in try engine.run(inputs) }
        }
    }

    /// The level in force belongs to the whole process: one case at a time.
    private static let selection = Mutex(())

    /// What is wrong with the case when its kernels are compiled for this level.
    ///
    /// Suites of other targets choose levels too, in the same process: a case during which that happened is run again.
    func failure(of entry: ConformanceCase) -> String? {
        Self.selection.withLock { _ in
            for _ in 0..<100 {
                apus_kernels_select(isa)
                let failure = runner.failure(of: entry)
                if apus_kernels_current().pointee.isa == isa { return failure }
            }
            return "the kernel level was changed during each of 100 runs"
        }
    }
}
