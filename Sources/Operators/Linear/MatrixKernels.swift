import CKernels

/// The matrix kernels of one level.
///
/// Sendable because the table is constant memory of the program.
struct MatrixKernels: @unchecked Sendable {
    private let level: UnsafePointer<apus_kernels>

    /// The level in force. Operators ask when they are compiled, never while they run.
    static var current: MatrixKernels { MatrixKernels(level: apus_kernels_current()) }

    /// Part of the names of prepared constants: their format belongs to the level.
    var levelName: String { String(cString: apus_isa_name(level.pointee.isa)) }

    @inline(__always) var functions: apus_matrix_kernels { level.pointee.matrix }
}
