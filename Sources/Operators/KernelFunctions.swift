import CKernels
import GraphIR

/// The C kernels of one instruction-set level.
///
/// Sendable because the table is constant memory of the program.
struct KernelFunctions: @unchecked Sendable {
    private let table: UnsafePointer<apus_kernels>

    static let best = KernelFunctions(apus_kernels_best())

    init(_ table: UnsafePointer<apus_kernels>) { self.table = table }

    /// Part of the names of prepared constants: their format belongs to the level.
    var levelName: String { String(cString: apus_isa_name(table.pointee.isa)) }

    /// The same table as the graph's vocabulary carries it.
    var kernelSet: KernelSet { KernelSet(name: levelName, table: UnsafeRawPointer(table)) }

    @inline(__always) var elementwise: apus_elementwise_kernels { table.pointee.elementwise }
    @inline(__always) var reduce: apus_reduce_kernels { table.pointee.reduce }
    @inline(__always) var softmax: apus_softmax_kernels { table.pointee.softmax }
    @inline(__always) var cast: apus_cast_kernels { table.pointee.cast }
    @inline(__always) var channelsLast: apus_channels_last_kernels { table.pointee.channels_last }
    @inline(__always) var matrix: apus_matrix_kernels { table.pointee.matrix }
    @inline(__always) var quantized: apus_quantized_kernels { table.pointee.quantized }
    @inline(__always) var integer: apus_integer_kernels { table.pointee.integer.pointee }
    @inline(__always) var recurrent: apus_recurrent_kernels { table.pointee.recurrent }
    @inline(__always) var forest: apus_forest_kernels { table.pointee.forest }
}

extension CompileContext {
    /// The kernels to compile with: those that the engine was given, else the best of this processor.
    var functions: KernelFunctions {
        kernels.map { KernelFunctions($0.table.assumingMemoryBound(to: apus_kernels.self)) } ?? .best
    }
}
