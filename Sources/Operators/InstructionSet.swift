import CKernels

/// The instruction-set level that kernels are compiled for.
package enum InstructionSet {
    /// Why a level cannot be had.
    package struct Refusal: Error, CustomStringConvertible {
        package let description: String
    }

    /// Levels that this processor runs, best first.
    package static var available: [String] { levels.map(name) }

    /// The level in force.
    package static var current: String { name(apus_kernels_current().pointee.isa) }

    /// Puts a level in force; kernels that are compiled already keep theirs.
    package static func select(_ wanted: String) throws(Refusal) {
        guard let level = levels.first(where: { name($0) == wanted }) else {
            throw Refusal(
                description: "instruction set \"\(wanted)\" is not available; this processor runs \(available.joined(separator: ", "))")
        }
        apus_kernels_select(level)
    }

    private static var levels: [apus_isa] {
        [APUS_ISA_AVX512, APUS_ISA_AVX2, APUS_ISA_NEON, APUS_ISA_PORTABLE].filter { apus_kernels_for($0) != nil }
    }

    private static func name(_ isa: apus_isa) -> String { String(cString: apus_isa_name(isa)) }
}
