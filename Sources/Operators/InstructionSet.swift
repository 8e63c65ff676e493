import CKernels
package import GraphIR

/// An instruction-set level that this processor runs, with the kernels compiled for it.
package struct InstructionSet: Sendable, CustomStringConvertible {
    /// Why a level cannot be had.
    package struct Refusal: Error, CustomStringConvertible {
        package let description: String
    }

    /// The levels that this processor runs, best first.
    package static let available = [APUS_ISA_AVX512, APUS_ISA_AVX2, APUS_ISA_NEON, APUS_ISA_PORTABLE]
        .compactMap { apus_kernels_for($0) }.map { InstructionSet(KernelFunctions($0)) }

    /// The best level of this processor.
    package static let best = InstructionSet(.best)

    /// The level with a name as in `APUS_ISA`: `portable`, `neon`, `avx2`, `avx512`.
    package static func named(_ name: String) throws(Refusal) -> InstructionSet {
        guard let level = available.first(where: { $0.name == name }) else {
            let names = available.map(\.name).joined(separator: ", ")
            throw Refusal(description: "instruction set \"\(name)\" is not available; this processor runs \(names)")
        }
        return level
    }

    private let functions: KernelFunctions

    private init(_ functions: KernelFunctions) { self.functions = functions }

    package var name: String { functions.levelName }
    package var description: String { name }

    /// What an engine hands to every operator that it compiles.
    package var kernels: KernelSet { functions.kernelSet }
}
