import GraphIR
import Operators
import Tensors
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Fourier transforms")
struct FourierTests {
    typealias Number = Complex<Double>

    /// Composite, prime, and with a prime factor that takes a convolution.
    static let lengths = [1, 2, 3, 4, 5, 8, 12, 15, 16, 31, 37, 64, 74, 97]

    private func numbers(_ count: Int) -> [Number] {
        (0..<count).map { Number(sin(Double($0 * $0) + 1), cos(Double(3 * $0))) }
    }

    private func reference(_ x: [Number]) -> [Number] {
        x.indices.map { k in
            var sum = Number(0)
            for (j, value) in x.enumerated() {
                let angle = -2 * Double.pi * Double(j * k % x.count) / Double(x.count)
                sum.real += value.real * cos(angle) - value.imaginary * sin(angle)
                sum.imaginary += value.real * sin(angle) + value.imaginary * cos(angle)
            }
            return sum
        }
    }

    private func expectNear(_ found: [Number], _ wanted: [Number]) {
        #expect(found.count == wanted.count)
        for (a, b) in zip(found, wanted) { #expect(abs(a.real - b.real) < 1e-9 && abs(a.imaginary - b.imaginary) < 1e-9) }
    }

    @Test("of complex numbers, and back", arguments: lengths)
    func complex(_ length: Int) throws {
        let x = numbers(length), tensor = Tensor(x, shape: [length])
        let result = try TensorFlowCase.run("FFT", [tensor])[0]
        expectNear(result.values(Number.self), reference(x))
        expectNear(try TensorFlowCase.run("IFFT", [result])[0].values(Number.self), x)
    }

    @Test("of real numbers, and back", arguments: lengths)
    func real(_ length: Int) throws {
        let x = numbers(length).map(\.real), count = Tensor([Int32(length)], shape: [1])
        let result = try TensorFlowCase.run(
            "RFFT", [Tensor(x, shape: [length]), count], ["Tcomplex": TensorFlowCase.type(.complex128)])[0]
        expectNear(result.values(Number.self), Array(reference(x.map { Number($0) }).prefix(length / 2 + 1)))
        let back = try TensorFlowCase.run("IRFFT", [result, count], ["Treal": TensorFlowCase.type(.float64)])[0]
        for (a, b) in zip(back.numbers, x) { #expect(abs(a - b) < 1e-9) }
    }

    @Test("refuse inputs that are shorter than the length, and lengths below 0", arguments: [5, -1, Int32.max])
    func refusals(_ length: Int32) {
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("RFFT", [Tensor([1, 2, 3] as [Float], shape: [3]), Tensor([length], shape: [1])])
        }
    }
}
