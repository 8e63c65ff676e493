import CKernels

/// The kernel tables that this machine can run.
enum KernelTables {
    static var available: [UnsafePointer<apus_kernels>] {
        [APUS_ISA_PORTABLE, APUS_ISA_NEON, APUS_ISA_AVX2, APUS_ISA_AVX512].compactMap { apus_kernels_for($0) }
    }

    static func name(_ table: UnsafePointer<apus_kernels>) -> String { String(cString: apus_isa_name(table.pointee.isa)) }

    /// Counts around the vector width of `table`.
    static func counts(_ table: UnsafePointer<apus_kernels>) -> [Int] {
        let width = Int(table.pointee.vector_floats)
        return [0, 1, width - 1, width, width + 1, 2 * width, 4 * width + 3, 9 * width - 1]
    }
}
