/// A complex number as tensors hold it: the real part, then the imaginary one.
package struct Complex<Part: ComplexPart>: TensorScalar {
    package var real: Part
    package var imaginary: Part

    package init(_ real: Part, _ imaginary: Part = 0) {
        self.real = real
        self.imaginary = imaginary
    }

    package static var elementType: ElementType { Part.complexType }
}

/// What complex numbers are made of.
package protocol ComplexPart: TensorScalar, BinaryFloatingPoint {
    static var complexType: ElementType { get }
}

extension Float: ComplexPart { package static var complexType: ElementType { .complex64 } }
extension Double: ComplexPart { package static var complexType: ElementType { .complex128 } }
