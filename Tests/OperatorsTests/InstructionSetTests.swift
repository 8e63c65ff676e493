import CKernels
import GraphIR
import Operators
import Tensors
import Testing

@Suite("Instruction sets")
struct InstructionSetTests {
    @Test("lists the levels of this processor, best first, the portable one last")
    func available() {
        #expect(InstructionSet.available.map(\.name) == KernelLevels.available.reversed().map(\.name))
        #expect(InstructionSet.available.last?.name == "portable")
        #expect(InstructionSet.best.name == InstructionSet.available.first?.name)
    }

    @Test("finds every level of this processor by its name", arguments: KernelLevels.available)
    func named(_ isa: apus_isa) throws {
        let kernels = try InstructionSet.named(isa.name).kernels
        #expect(kernels.name == isa.name)
        #expect(kernels.table == UnsafeRawPointer(apus_kernels_for(isa)))
    }

    @Test("refuses a name that is no level of this processor", arguments: ["mmx", "", "AVX2", "portable "])
    func refused(_ name: String) {
        expectRefusal(["\"\(name)\"", "portable"]) { _ = try InstructionSet.named(name) }
    }

    @Test("a kernel is compiled for the level of its context, the best one without", arguments: KernelLevels.available)
    func contexts(_ isa: apus_isa) throws {
        let weights = SampleData.floats([40, 3])
        func forms(_ kernels: KernelSet?) throws -> Bool {
            let store = ConstantStore()
            let context = CompileContext(
                inputs: [SampleData.floats([2, 40]).spec, weights.spec], outputs: [SampleData.floats([2, 3]).spec],
                constants: [nil, weights], kernels: kernels, store: store, constantKeys: [nil, 0])
            _ = try MatMul().compile(context)
            // The form is found again under the level's name: nothing is made anew.
            let name = kernels?.name ?? InstructionSet.best.name
            var isNew = false
            _ = try context.prepared(1, form: "right-operand/\(name)/40x3/1.0") { tensor in
                isNew = true
                return tensor
            }
            return !isNew
        }
        #expect(try forms(try isa.kernels()))
        #expect(try forms(nil))
    }
}
