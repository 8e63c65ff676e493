import CKernels
import GraphIR
import Operators

/// The kernel levels of this machine.
enum KernelLevels {
    static let available: [apus_isa] = [APUS_ISA_PORTABLE, APUS_ISA_NEON, APUS_ISA_AVX2, APUS_ISA_AVX512]
        .filter { apus_kernels_for($0) != nil }
}

extension apus_isa {
    /// As in `APUS_ISA`.
    var name: String { String(cString: apus_isa_name(self)) }

    /// What a context hands to an operator for it to be compiled for this level.
    func kernels() throws -> KernelSet { try InstructionSet.named(name).kernels }
}
