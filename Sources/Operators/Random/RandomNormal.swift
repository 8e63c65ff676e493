#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension RandomBits {
    /// Two independent normal numbers of two uniform ones (Box and Muller).
    static func normals(_ first: UInt32, _ second: UInt32) -> (Float, Float) {
        let u = max(float(first), 1e-7)
        let angle = Float(2 * Double.pi * Double(float(second)))
        let radius = (-2 * logf(u)).squareRoot()
        return (sinf(angle) * radius, cosf(angle) * radius)
    }

    static func normals(_ bits: SIMD4<UInt32>) -> (Double, Double) {
        let u = max(double(bits[0], bits[1]), 1e-7)
        let angle = 2 * Double.pi * double(bits[2], bits[3])
        let radius = (-2 * log(u)).squareRoot()
        return (sin(angle) * radius, cos(angle) * radius)
    }
}

/// The arithmetic in which a distribution is sampled.
protocol RandomReal: BinaryFloatingPoint {
    /// Uniform numbers in [0, 1) of the next group of a generator.
    static func uniforms(_ generator: inout Philox) -> [Self]
    static func normals(_ generator: inout Philox) -> [Self]
    static func exponential(_ x: Self) -> Self
    static func logarithm(_ x: Self) -> Self
    /// The logarithm of the gamma function.
    static func logarithmicGamma(_ x: Self) -> Self
}

extension Float: RandomReal {
    static func uniforms(_ generator: inout Philox) -> [Float] {
        let bits = generator.next()
        return (0..<4).map { RandomBits.float(bits[$0]) }
    }

    static func normals(_ generator: inout Philox) -> [Float] {
        let bits = generator.next()
        let first = RandomBits.normals(bits[0], bits[1]), second = RandomBits.normals(bits[2], bits[3])
        return [first.0, first.1, second.0, second.1]
    }

    static func exponential(_ x: Float) -> Float { expf(x) }
    static func logarithm(_ x: Float) -> Float { logf(x) }
    static func logarithmicGamma(_ x: Float) -> Float { lgammaf(x) }
}

extension Double: RandomReal {
    static func uniforms(_ generator: inout Philox) -> [Double] {
        let bits = generator.next()
        return [RandomBits.double(bits[0], bits[1]), RandomBits.double(bits[2], bits[3])]
    }

    static func normals(_ generator: inout Philox) -> [Double] {
        let pair = RandomBits.normals(generator.next())
        return [pair.0, pair.1]
    }

    static func exponential(_ x: Double) -> Double { exp(x) }
    static func logarithm(_ x: Double) -> Double { log(x) }
    static func logarithmicGamma(_ x: Double) -> Double { lgamma(x) }
}

/// Uniform numbers one by one, the last of a group first.
struct UniformNumbers<Real: RandomReal> {
    var generator: Philox
    private var group: [Real] = []

    init(_ generator: Philox) { self.generator = generator }

    mutating func next() -> Real {
        if group.isEmpty { group = Real.uniforms(&generator) }
        return group.removeLast()
    }
}
