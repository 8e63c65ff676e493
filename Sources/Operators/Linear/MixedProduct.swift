import GraphIR
import Tensors

/// Products of 8-bit integers, each signed or not, whose sums are int32: the operands are widened into scratch memory.
enum MixedProduct {
    static func compile(
        _ contraction: Contraction, _ left: TensorSpec, _ right: TensorSpec, _ output: TensorSpec
    ) throws(OperatorError) -> CompiledOperator {
        guard output.elementType == .int32 else {
            throw .unsupported("a product of \(left.elementType) and \(right.elementType) as \(output.elementType)")
        }
        let counts = (left.shape.elementCount, right.shape.elementCount)
        let signs = (left.elementType == .int8, right.elementType == .int8)
        let kernel = LoopKernel { context in
            let a = context.scratch.assumingMemoryBound(to: Int32.self), b = a + counts.0
            widen(context.input(0), isSigned: signs.0, counts.0, into: a)
            widen(context.input(1), isSigned: signs.1, counts.1, into: b)
            contraction.run(
                0..<contraction.count, UnsafePointer(a), UnsafePointer(b), into: context.output(0, as: Int32.self))
        }
        return CompiledOperator(kernel, scratchByteCount: ByteCount.of(Int32.self, counts.0, counts.1))
    }

    private static func widen(
        _ source: UnsafeRawPointer, isSigned: Bool, _ count: Int, into target: UnsafeMutablePointer<Int32>
    ) {
        if isSigned {
            let values = source.assumingMemoryBound(to: Int8.self)
            for index in 0..<count { target[index] = Int32(values[index]) }
        } else {
            let values = source.assumingMemoryBound(to: UInt8.self)
            for index in 0..<count { target[index] = Int32(values[index]) }
        }
    }
}
