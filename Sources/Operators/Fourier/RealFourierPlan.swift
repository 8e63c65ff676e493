import GraphIR
import Tensors

/// The transform of real numbers, and the way back: even lengths take a complex transform of half of it.
struct RealFourierPlan: Sendable {
    typealias Number = Complex<Double>
    let length: Int
    private let plan: FourierPlan
    /// exp(-2πi · k / n) for k up to a quarter and a half of n; nil for odd lengths.
    private let factors: Tensor?

    init(length: Int, _ context: CompileContext) throws(OperatorError) {
        self.length = length
        guard length % 2 == 0 else {
            plan = try FourierPlan(length: length, context)
            factors = nil
            return
        }
        plan = try FourierPlan(length: length / 2, context)
        factors = try context.preparedTensor(TensorSpec(.complex128, [length / 2 + 1])) { bytes in
            let table = bytes.bindMemory(to: Number.self)
            for place in table.indices { table[place] = FourierPlan.root(place, length) }
        }
    }

    /// Distinct numbers of the transform.
    var halfCount: Int { length / 2 + 1 }
    /// Numbers of memory that `run` and `runBack` need beside the line.
    var workCount: Int { plan.workCount }
    /// Numbers that a line must have room for.
    var lineCount: Int { max(length, 2) }

    /// Real numbers, as `line` holds them in its real parts, become the first half of their transform.
    func run(_ line: UnsafeMutablePointer<Number>, work: UnsafeMutablePointer<Number>) {
        guard let factors else { return plan.run(line, work: work) }
        let half = length / 2
        for place in 0..<half { line[place] = Number(line[2 * place].real, line[2 * place + 1].real) }
        plan.run(line, work: work)
        line[half] = line[0]
        factors.withNumbers { factors in
            for place in 0...half / 2 {
                let a = line[place], b = line[half - place].conjugate
                let even = a.adding(b).scaled(by: 0.5), odd = a.minus(b).scaled(by: 0.5).timesMinusI.multiplied(by: factors[place])
                line[place] = even.adding(odd)
                line[half - place] = even.minus(odd).conjugate
            }
        }
    }

    /// The first half of a transform becomes the real numbers that it is of, in the real parts.
    func runBack(_ line: UnsafeMutablePointer<Number>, work: UnsafeMutablePointer<Number>) {
        line[0].imaginary = 0
        guard let factors else {
            for place in 1..<max(halfCount, 1) {
                line[length - place] = line[place]
                line[place] = line[place].conjugate
            }
            plan.run(line, work: work)
            for place in 0..<length { line[place] = line[place].scaled(by: 1 / Double(length)) }
            return
        }
        let half = length / 2
        line[half].imaginary = 0
        factors.withNumbers { factors in
            for place in 0...half / 2 {
                let a = line[place], b = line[half - place].conjugate
                let even = a.adding(b), odd = a.minus(b).multiplied(by: factors[place].conjugate)
                // even + i odd, as conjugates, so that the forward transform goes back.
                line[place] = Number(even.real - odd.imaginary, -(even.imaginary + odd.real))
                line[half - place] = Number(even.real + odd.imaginary, even.imaginary - odd.real)
            }
        }
        plan.run(line, work: work)
        let scale = 1 / Double(length)
        for place in (0..<half).reversed() {
            let value = line[place]
            line[2 * place + 1] = Number(-value.imaginary * scale)
            line[2 * place] = Number(value.real * scale)
        }
    }
}

extension Tensor {
    fileprivate func withNumbers(_ body: (UnsafePointer<Complex<Double>>) -> Void) {
        withExtendedLifetime(storage) { body(UnsafePointer(storage.baseAddress.assumingMemoryBound(to: Complex<Double>.self))) }
    }
}
