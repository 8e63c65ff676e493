import Tensors

/// The field of complex numbers.
extension Complex {
    @inline(__always)
    static func + (left: Self, right: Self) -> Self { Self(left.real + right.real, left.imaginary + right.imaginary) }

    @inline(__always)
    static func - (left: Self, right: Self) -> Self { Self(left.real - right.real, left.imaginary - right.imaginary) }

    @inline(__always)
    static func * (left: Self, right: Self) -> Self {
        Self(
            left.real * right.real - left.imaginary * right.imaginary,
            left.real * right.imaginary + left.imaginary * right.real)
    }

    /// Scaled by the larger part of the divisor, whose square might overflow.
    @inline(__always)
    static func / (left: Self, right: Self) -> Self {
        if right.real.magnitude >= right.imaginary.magnitude {
            let ratio = right.real == 0 ? right.imaginary : right.imaginary / right.real
            let scale = right.real + right.imaginary * ratio
            return Self((left.real + left.imaginary * ratio) / scale, (left.imaginary - left.real * ratio) / scale)
        }
        let ratio = right.real / right.imaginary
        let scale = right.real * ratio + right.imaginary
        return Self((left.real * ratio + left.imaginary) / scale, (left.imaginary * ratio - left.real) / scale)
    }

    @inline(__always)
    static prefix func - (value: Self) -> Self { Self(-value.real, -value.imaginary) }

    static var zero: Self { Self(0) }
    static var one: Self { Self(1) }
    var isZero: Bool { real == 0 && imaginary == 0 }
    var conjugate: Self { Self(real, -imaginary) }
    var isFinite: Bool { real.isFinite && imaginary.isFinite }

    var wide: Complex<Double> { Complex<Double>(Double(real), Double(imaginary)) }
    init(_ value: Complex<Double>) { self.init(Part(value.real), Part(value.imaginary)) }
}
