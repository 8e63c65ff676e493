import GraphIR
import Tensors

/// Signals that are transformed one by one: each is brought into a line of complex numbers, and taken out of it.
protocol TransformedSignals: Sendable {
    var count: Int { get }
    /// Of the transform.
    var length: Int { get }
    /// Writes all `length` numbers of signal `number`.
    func load(_ number: Int, _ context: KernelContext, into line: UnsafeMutablePointer<Complex<Double>>)
    func store(_ number: Int, _ context: KernelContext, from line: UnsafePointer<Complex<Double>>)
}

/// Transforms signals in double precision.
struct SignalTransformKernel<Signals: TransformedSignals>: Kernel {
    private let signals: Signals
    private let plan: FourierPlan
    private let split: PartSplit

    static func compile(_ signals: Signals, _ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let plan = try FourierPlan(length: signals.length, context)
        let operations = 40 * Double(signals.count) * Double(signals.length)
        let kernel = SignalTransformKernel(
            signals: signals, plan: plan, split: PartSplit(units: signals.count, operations: operations))
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.of(Complex<Double>.self, signals.length, plan.workCount))
    }

    var parts: Int { split.count }

    func run(_ context: KernelContext) { run(0..<signals.count, context) }

    func run(part: Int, _ context: KernelContext) { run(split.units(of: part), context) }

    private func run(_ numbers: Range<Int>, _ context: KernelContext) {
        let line = context.scratch.assumingMemoryBound(to: Complex<Double>.self)
        for number in numbers {
            signals.load(number, context, into: line)
            plan.run(line, work: line + signals.length)
            signals.store(number, context, from: line)
        }
    }
}
