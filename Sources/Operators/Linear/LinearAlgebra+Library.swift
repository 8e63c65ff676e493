import COpenBLAS

extension LinearAlgebra {
    /// The library behind matrix products, with its version and build: `OpenBLAS 0.3.21 DYNAMIC_ARCH …`.
    package static var libraryName: String { String(cString: openblas_get_config()).split(separator: " ").joined(separator: " ") }
}
