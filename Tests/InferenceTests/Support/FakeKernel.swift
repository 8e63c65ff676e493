import GraphIR

/// A kernel made of a closure, which spoils its scratch memory so that results that lie there show it.
struct FakeKernel: Kernel {
    let scratchByteCount: Int
    let body: @Sendable (KernelContext) throws(OperatorError) -> Void

    init(scratchByteCount: Int = 0, _ body: @escaping @Sendable (KernelContext) throws(OperatorError) -> Void) {
        self.scratchByteCount = scratchByteCount
        self.body = body
    }

    func run(_ context: KernelContext) throws(OperatorError) {
        spoil(context)
        try body(context)
        spoil(context)
    }

    private func spoil(_ context: KernelContext) {
        context.scratch.initializeMemory(as: UInt8.self, repeating: 0xFF, count: scratchByteCount)
    }
}

extension CompiledOperator {
    static func fake(
        scratchByteCount: Int = 0, inPlace: [InPlace] = [],
        _ body: @escaping @Sendable (KernelContext) throws(OperatorError) -> Void
    ) -> CompiledOperator {
        CompiledOperator(
            FakeKernel(scratchByteCount: scratchByteCount, body), scratchByteCount: scratchByteCount, inPlace: inPlace)
    }
}
