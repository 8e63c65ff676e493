import CKernels
import GraphIR
import Tensors

/// A kernel that is one function: the loop it holds is made for concrete element types by its maker.
struct LoopKernel: Kernel {
    typealias Body = @Sendable (KernelContext) throws(OperatorError) -> Void

    let body: Body

    init(_ body: @escaping Body) { self.body = body }

    func run(_ context: KernelContext) throws(OperatorError) { try body(context) }
}

extension CompileContext {
    /// Whether no output has an element. Kernels whose tables grow with an axis need not make them then: beside an extent of 0
    /// another one may be of any size.
    var makesNothing: Bool { outputs.allSatisfy { $0.shape.elementCount == 0 } }
}

extension CompiledOperator {
    /// For outputs without elements.
    static var nothing: CompiledOperator { CompiledOperator(LoopKernel { _ in }) }
}

/// y = f(a, b) over the memory of a dense result and two operands.
typealias PairBody = @Sendable (UnsafeMutableRawPointer, UnsafeRawPointer, UnsafeRawPointer) throws(OperatorError) -> Void

/// y[i] = f(x[i]) for a count of elements fixed when it was made.
typealias MapBody = @Sendable (UnsafeMutableRawPointer, UnsafeRawPointer) throws(OperatorError) -> Void

extension LoopKernel {
    /// Output 0 from input 0.
    init(map: @escaping MapBody) {
        self.init { (context) throws(OperatorError) in try map(context.output(0), context.input(0)) }
    }

    /// Output 0 from inputs 0 and 1.
    init(pair: @escaping PairBody) {
        self.init { (context) throws(OperatorError) in
            try pair(context.output(0), context.input(0), context.input(1))
        }
    }
}

/// The loops behind element-wise kernels. They are inlined into their callers, so that `f` costs no call.
enum Loops {
    @inline(__always)
    static func map<X, Y>(_ y: UnsafeMutableRawPointer, _ x: UnsafeRawPointer, _ count: Int, _ f: (X) -> Y) {
        let from = x.assumingMemoryBound(to: X.self), to = y.assumingMemoryBound(to: Y.self)
        for i in 0..<count { to[i] = f(from[i]) }
    }

    @inline(__always)
    static func pair<A, B, Y>(
        _ walk: BroadcastWalk, _ y: UnsafeMutableRawPointer, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ f: (A, B) -> Y
    ) {
        let first = a.assumingMemoryBound(to: A.self), second = b.assumingMemoryBound(to: B.self)
        var to = y.assumingMemoryBound(to: Y.self)
        let rows = walk.rows.extent, aRow = walk.rows.steps.0, bRow = walk.rows.steps.1
        let columns = walk.columns.extent, aStep = walk.columns.steps.0, bStep = walk.columns.steps.1
        walk.forEachBlock { aOffset, bOffset, _ in
            for row in 0..<rows {
                let p = first + aOffset + row * aRow, q = second + bOffset + row * bRow
                for i in 0..<columns { to[i] = f(p[i * aStep], q[i * bStep]) }
                to += columns
            }
        }
    }
}

extension BroadcastWalk {
    /// A body that runs a C kernel over every block.
    func body(_ kernel: @escaping apus_pair_f32) -> PairBody {
        { y, a, b in
            let first = a.assumingMemoryBound(to: Float.self), second = b.assumingMemoryBound(to: Float.self)
            var to = y.assumingMemoryBound(to: Float.self)
            var inner = pairWalk
            forEachBlock { aOffset, bOffset, _ in
                kernel(to, first + aOffset, second + bOffset, &inner)
                to += rows.extent * columns.extent
            }
        }
    }

    /// A body that runs a C comparison over every block.
    func body(_ kernel: @escaping apus_compare_f32) -> PairBody {
        { y, a, b in
            let first = a.assumingMemoryBound(to: Float.self), second = b.assumingMemoryBound(to: Float.self)
            var to = y.assumingMemoryBound(to: UInt8.self)
            var inner = pairWalk
            forEachBlock { aOffset, bOffset, _ in
                kernel(to, first + aOffset, second + bOffset, &inner)
                to += rows.extent * columns.extent
            }
        }
    }
}
