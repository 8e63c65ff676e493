import GraphIR
import Tensors
import Testing

/// The runner guards every operator's tests, so it is shown to catch what it is there for.
@Suite("Operator runner")
struct OperatorRunnerTests {
    private let input = Tensor([1, 2, 3] as [Float], shape: [3])

    @Test("returns what a well-behaved kernel computes")
    func wellBehaved() throws {
        #expect(try evaluate(Probe(fault: .none), [input])[0].values(Float.self) == [1, 2, 3])
    }

    @Test("refuses a kernel that breaks its contract", arguments: Probe.Fault.allCases.filter { $0 != .none })
    func broken(_ fault: Probe.Fault) {
        #expect(throws: ContractBreach.self) { try evaluate(Probe(fault: fault), [input, Tensor(scalar: 5 as Int32)]) }
    }
}

/// Copies its input, with a fault on demand.
struct Probe: Operator {
    enum Fault: CaseIterable {
        case none, writesInput, writesBeyondOutput, writesBeyondScratch, wrongInPlace, refusesUnknownRank, infersWrongShape
        case preparesWhatIsNoConstant, readsWhatIsPrepared, missesAPart, partWritesBeyondScratch
    }

    let fault: Fault

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let fact = try inputs.required(0)
        if fault == .refusesUnknownRank, fact.shape == nil { throw .invalidInput(index: 0, reason: "has no rank") }
        if fault == .infersWrongShape, fact.concrete == nil { return [ValueFact(fact.elementType, [7] as Shape)] }
        return [ValueFact(fact.type)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = try context.input(0).shape.elementCount
        return CompiledOperator(
            ProbeKernel(fault: fault, count: count), scratchByteCount: 8, inPlace: [InPlace(output: 0, input: 0)],
            preparedInputs: fault == .preparesWhatIsNoConstant ? [0] : fault == .readsWhatIsPrepared ? [1] : [])
    }
}

private struct ProbeKernel: Kernel {
    let fault: Probe.Fault
    let count: Int

    func run(_ context: KernelContext) {
        let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
        if fault == .readsWhatIsPrepared, context.input(1, as: Int32.self).pointee != 5 { return }
        if fault == .wrongInPlace { for i in 0..<count { y[i] = 0 } }
        for i in 0..<count { y[i] = x[i] }
        if fault == .writesInput { context.operands[0].storeBytes(of: 9, as: Float.self) }
        if fault == .writesBeyondOutput { y[count] = 1 }
        if fault == .writesBeyondScratch { context.scratch.storeBytes(of: 1, toByteOffset: 8, as: UInt8.self) }
    }

    /// One for each element.
    var parts: Int { count }

    func run(part: Int, _ context: KernelContext) {
        if fault == .missesAPart, part == 1 { return }
        context.output(0, as: Float.self)[part] = context.input(0, as: Float.self)[part]
        if fault == .partWritesBeyondScratch { context.scratch.storeBytes(of: 1, toByteOffset: 8, as: UInt8.self) }
    }
}
