#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The functions that CTC computes with.
enum CTCMath {
    static func exp(_ x: Double) -> Double { platformExp(x) }
    static func log(_ x: Double) -> Double { platformLog(x) }
    static func log1p(_ x: Double) -> Double { platformLog1p(x) }
}

private func platformExp(_ x: Double) -> Double { exp(x) }
private func platformLog(_ x: Double) -> Double { log(x) }
private func platformLog1p(_ x: Double) -> Double { log1p(x) }
