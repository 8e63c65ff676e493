#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The C library's functions, for references.
enum RealNumbers {
    static func exponential(_ x: Double) -> Double { exp(x) }
    static func normalDistribution(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
}
