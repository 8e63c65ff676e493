import COpenBLAS

/// The process-wide state of OpenBLAS.
package enum LinearAlgebra {
    /// Makes every product run on the thread that asks for it: lanes are the parallelism, and OpenBLAS keeps one
    /// thread count for the whole process.
    ///
    /// Called by every operator that uses OpenBLAS when it is compiled; the first call does the work.
    package static func configure() { _ = configured }

    private static let configured: Void = openblas_set_num_threads(1)
}
