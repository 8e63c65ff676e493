import CKernels

/// The same work by every level that this processor runs, against the portable one.
enum Levels {
    static var sections: [Section] {
        let levels = [APUS_ISA_NEON, APUS_ISA_AVX2, APUS_ISA_AVX512].filter { apus_kernels_for($0) != nil }
        return [
            Section(
                title: "Levels, product", summary: "128×384×1536 against the portable kernel", unit: .gigaflops,
                comparisons: levels.map { LevelProduct(isa: $0) }),
            Section(
                title: "Levels, map", summary: "gelu of 65536 floats against the portable kernel, millions of floats", unit: .millions,
                comparisons: levels.map { LevelMap(isa: $0) }),
        ]
    }

    /// The kernels of a level that this processor runs.
    fileprivate static func kernels(_ isa: apus_isa) throws -> UnsafePointer<apus_kernels> {
        guard let kernels = apus_kernels_for(isa) else {
            throw InvalidComparison(description: "this processor does not run \(name(isa))")
        }
        return kernels
    }

    fileprivate static func name(_ isa: apus_isa) -> String { String(cString: apus_isa_name(isa)) }
}

private struct LevelProduct: Comparison {
    let isa: apus_isa

    var name: String { Levels.name(isa) }

    func measure(by race: Race) throws -> Outcome {
        let (m, k, n) = (128, 384, 1_536)
        let a = FloatMemory.samples(count: m * k), b = FloatMemory.samples(count: k * n)
        let candidate = PackedProduct(try Levels.kernels(isa), a: a, b: b, m: m, k: k, n: n)
        let reference = PackedProduct(try Levels.kernels(APUS_ISA_PORTABLE), a: a, b: b, m: m, k: k, n: n)
        candidate.run()
        reference.run()
        try candidate.c.check(against: reference.c, terms: k)
        return Outcome(pace: try race.run(candidate: candidate.run, reference: reference.run), work: 2 * m * k * n)
    }
}

private struct LevelMap: Comparison {
    let isa: apus_isa

    var name: String { Levels.name(isa) }

    func measure(by race: Race) throws -> Outcome {
        let count = 65_536
        let x = FloatMemory.samples(count: count), y = FloatMemory(count: count), expected = FloatMemory(count: count)
        let candidate = try Levels.kernels(isa).pointee.elementwise.gelu_f32
        let reference = try Levels.kernels(APUS_ISA_PORTABLE).pointee.elementwise.gelu_f32
        candidate(y.start, x.start, count)
        reference(expected.start, x.start, count)
        try y.check(against: expected, terms: 1)
        let pace = try race.run {
            candidate(y.start, x.start, count)
        } reference: {
            reference(expected.start, x.start, count)
        }
        return Outcome(pace: pace, work: count)
    }
}
