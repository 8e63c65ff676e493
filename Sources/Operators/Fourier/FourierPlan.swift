import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A discrete Fourier transform of one length: X[k] = Σ x[j] · exp(-2πi · j · k / n), in double precision.
///
/// Lengths with small prime factors only go through Stockham's stages of radices 4, 2, 3, 5 and more; others become a convolution
/// of a power of two (Bluestein).
final class FourierPlan: Sendable {
    typealias Number = Complex<Double>

    /// One pass: `groups` butterflies of `radix` numbers, `stride` of them side by side.
    private struct Stage: Sendable {
        let radix: Int
        let groups: Int
        let stride: Int
        /// Where the stage's factors begin in the table.
        let offset: Int
    }

    let length: Int
    private let stages: [Stage]
    private let factors: Tensor?
    private let convolution: ChirpConvolution?

    /// Largest prime factor that a stage takes.
    private static let largestRadix = 31

    init(length: Int, _ context: CompileContext) throws(OperatorError) {
        self.length = length
        guard let radices = Self.radices(of: length) else {
            stages = []
            factors = nil
            convolution = try ChirpConvolution(length: length, context)
            return
        }
        convolution = nil
        var stages: [Stage] = [], rest = length, stride = 1, count = 0
        for radix in radices {
            rest /= radix
            stages.append(Stage(radix: radix, groups: rest, stride: stride, offset: count))
            // The factors of the groups, then the roots of 1 that the butterfly takes.
            count += rest * (radix - 1) + radix
            stride *= radix
        }
        self.stages = stages
        let layout = stages
        factors =
            stages.isEmpty
            ? nil
            : try context.preparedTensor(TensorSpec(.complex128, [count])) { bytes in
                let table = bytes.bindMemory(to: Number.self)
                for stage in layout {
                    let size = stage.groups * stage.radix
                    for group in 0..<stage.groups {
                        for place in 1..<stage.radix {
                            table[stage.offset + group * (stage.radix - 1) + place - 1] = Self.root(group * place, size)
                        }
                    }
                    let roots = stage.offset + stage.groups * (stage.radix - 1)
                    for place in 0..<stage.radix { table[roots + place] = Self.root(place, stage.radix) }
                }
            }
    }

    /// exp(-2πi · place / size)
    static func root(_ place: Int, _ size: Int) -> Number {
        let angle = -2 * Double.pi * Double(place % size) / Double(size)
        return Number(cos(angle), sin(angle))
    }

    /// nil for lengths with a large prime factor.
    private static func radices(of length: Int) -> [Int]? {
        var radices: [Int] = [], rest = length
        for radix in [4, 2, 3, 5] {
            while rest % radix == 0, rest > 1 {
                radices.append(radix)
                rest /= radix
            }
        }
        var radix = 7
        while rest > 1 {
            guard radix <= largestRadix else { return nil }
            while rest % radix == 0 {
                radices.append(radix)
                rest /= radix
            }
            radix += 2
        }
        return radices
    }

    /// Numbers of memory that `run` needs.
    var workCount: Int { convolution.map(\.workCount) ?? length }

    /// Transforms `x` in its place.
    func run(_ x: UnsafeMutablePointer<Number>, work: UnsafeMutablePointer<Number>) {
        if let convolution { return convolution.run(x, work: work) }
        guard let factors else { return }
        defer { withExtendedLifetime(factors) {} }
        let table = UnsafePointer(factors.storage.baseAddress.assumingMemoryBound(to: Number.self))
        var from = x, to = work
        for stage in stages {
            pass(stage, table + stage.offset, from, to)
            swap(&from, &to)
        }
        if from != x { x.update(from: from, count: length) }
    }

    private func pass(
        _ stage: Stage, _ factors: UnsafePointer<Number>, _ x: UnsafeMutablePointer<Number>, _ y: UnsafeMutablePointer<Number>
    ) {
        let radix = stage.radix, stride = stage.stride, step = stride * stage.groups
        let roots = factors + stage.groups * (radix - 1)
        for group in 0..<stage.groups {
            let from = x + stride * group, to = y + stride * radix * group, own = factors + group * (radix - 1)
            switch radix {
            case 2:
                for q in 0..<stride {
                    let a = from[q], b = from[q + step]
                    to[q] = a.adding(b)
                    to[q + stride] = a.minus(b).multiplied(by: own[0])
                }
            case 4:
                for q in 0..<stride {
                    let a = from[q], b = from[q + step], c = from[q + 2 * step], d = from[q + 3 * step]
                    let sum = a.adding(c), difference = a.minus(c), others = b.adding(d)
                    let turned = b.minus(d).timesMinusI
                    to[q] = sum.adding(others)
                    to[q + stride] = difference.adding(turned).multiplied(by: own[0])
                    to[q + 2 * stride] = sum.minus(others).multiplied(by: own[1])
                    to[q + 3 * stride] = difference.minus(turned).multiplied(by: own[2])
                }
            default:
                for q in 0..<stride {
                    for place in 0..<radix {
                        var sum = from[q], index = 0
                        for term in 1..<radix {
                            index += place
                            if index >= radix { index -= radix }
                            sum = sum.adding(from[q + term * step].multiplied(by: roots[index]))
                        }
                        to[q + place * stride] = place == 0 ? sum : sum.multiplied(by: own[place - 1])
                    }
                }
            }
        }
    }
}

extension Complex where Part == Double {
    @inline(__always) func minus(_ other: Complex) -> Complex { Complex(real - other.real, imaginary - other.imaginary) }
    @inline(__always) var timesMinusI: Complex { Complex(imaginary, -real) }
    @inline(__always) func scaled(by factor: Double) -> Complex { Complex(real * factor, imaginary * factor) }
}

/// The transform of any length as a convolution with exp(πi · k² / n), by transforms of a power of two.
private final class ChirpConvolution: Sendable {
    typealias Number = Complex<Double>
    private let length: Int
    private let size: Int
    private let plan: FourierPlan
    /// exp(-πi · k² / n) for k below the length, then the transform of the filter, divided by its length.
    private let table: Tensor

    init(length: Int, _ context: CompileContext) throws(OperatorError) {
        // Squares of places stay within the integers.
        guard length <= 1 << 30 else { throw .unsupported("a Fourier transform of length \(length)") }
        var size = 1
        while size < 2 * length - 1 { size *= 2 }
        let plan = try FourierPlan(length: size, context)
        self.length = length
        self.size = size
        self.plan = plan
        let filterSize = size
        table = try context.preparedTensor(TensorSpec(.complex128, [length + 2 * filterSize])) { bytes in
            guard let chirp = bytes.bindMemory(to: Number.self).baseAddress else { return }
            for place in 0..<length { chirp[place] = FourierPlan.root(place * place % (2 * length), 2 * length) }
            let filter = chirp + length
            filter.update(repeating: Number(0), count: 2 * filterSize)
            for place in 0..<length {
                filter[place] = chirp[place].conjugate
                if place > 0 { filter[filterSize - place] = chirp[place].conjugate }
            }
            plan.run(filter, work: filter + filterSize)
            for place in 0..<filterSize { filter[place] = filter[place].scaled(by: 1 / Double(filterSize)) }
        }
    }

    var workCount: Int { ByteCount.sum(size, plan.workCount) }

    func run(_ x: UnsafeMutablePointer<Number>, work: UnsafeMutablePointer<Number>) {
        defer { withExtendedLifetime(table) {} }
        let chirp = UnsafePointer(table.storage.baseAddress.assumingMemoryBound(to: Number.self)), filter = chirp + length
        for place in 0..<length { work[place] = x[place].multiplied(by: chirp[place]) }
        (work + length).update(repeating: Number(0), count: size - length)
        plan.run(work, work: work + size)
        // Back by the transform of the conjugates.
        for place in 0..<size { work[place] = work[place].multiplied(by: filter[place]).conjugate }
        plan.run(work, work: work + size)
        for place in 0..<length { x[place] = work[place].conjugate.multiplied(by: chirp[place]) }
    }
}
