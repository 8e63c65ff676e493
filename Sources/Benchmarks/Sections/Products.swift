import CKernels
import COpenBLAS
import Operators

/// The product with a right operand packed ahead, as for the weights of a model, against OpenBLAS, which packs at every call.
struct Product: Comparison {
    let m, k, n: Int

    static let section = Section(
        title: "Products", summary: "packed right operand against cblas_sgemm, rows × steps × columns", unit: .gigaflops,
        comparisons: [
            Product(m: 1, k: 64, n: 128), Product(m: 8, k: 64, n: 128), Product(m: 32, k: 64, n: 128),
            Product(m: 128, k: 384, n: 1_536), Product(m: 1, k: 2_048, n: 1_000), Product(m: 200, k: 1_024, n: 1_024),
        ])

    var name: String { "\(m)×\(k)×\(n)" }

    func measure(by race: Race) throws -> Outcome {
        let a = FloatMemory.samples(count: m * k), b = FloatMemory.samples(count: k * n)
        let candidate = PackedProduct(try InstructionSet.requested().functions, a: a, b: b, m: m, k: k, n: n)
        let c = FloatMemory(count: m * n)
        let reference = {
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a.start, Int32(k), b.start, Int32(n), 0,
                c.start,
                Int32(n))
        }
        candidate.run()
        reference()
        try candidate.c.check(against: c, terms: k)
        return Outcome(pace: try race.run(candidate: candidate.run, reference: reference), work: 2 * m * k * n)
    }
}

/// c [m, n] = a [m, k] · b [k, n] by the kernels of one level, b packed when it is made.
struct PackedProduct {
    let c: FloatMemory
    private let kernels: apus_matrix_kernels
    private let a, packed, scratch: FloatMemory
    private let m, k, n: Int

    init(_ level: UnsafePointer<apus_kernels>, a: FloatMemory, b: FloatMemory, m: Int, k: Int, n: Int) {
        kernels = level.pointee.matrix
        self.a = a
        (self.m, self.k, self.n) = (m, k, n)
        c = FloatMemory(count: m * n)
        packed = FloatMemory(count: kernels.packed_right_count(k, n))
        scratch = FloatMemory(count: kernels.product_scratch_count(m, k, n))
        kernels.pack_right_f32(packed.start, b.start, n, 1, k, n, 1)
    }

    func run() {
        var epilogue = apus_epilogue()
        kernels.product_f32(c.start, n, a.start, k, packed.start, m, k, n, &epilogue, scratch.start)
    }
}
