#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// x to the power y in double precision.
func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
