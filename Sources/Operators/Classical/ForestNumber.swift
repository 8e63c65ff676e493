import CKernels
import GraphIR

/// A type in which features and thresholds are compared, with its kernels.
protocol ForestNumber: BinaryFloatingPoint, NumericElement {
    /// As a threshold of a node.
    var treeWord: apus_tree_word { get }
    /// The threshold of leaf `number`.
    static func leafWord(_ number: UInt32) -> apus_tree_word
    /// The least number that is not below `element`: it is at most a threshold exactly where `element` is.
    init(atLeast element: some NumericElement)

    typealias Walk =
        @Sendable (
            UnsafeMutablePointer<UInt32>, UnsafePointer<apus_tree_word>, UnsafePointer<apus_tree_span>, Int, Int, UnsafePointer<Self>, Int,
            Int
        ) -> Void
    typealias AddLeaves =
        @Sendable (
            UnsafeMutablePointer<Double>, UnsafePointer<Self>, UnsafePointer<UInt32>, Int, Int, Int
        ) -> Void
    typealias AddLeaf =
        @Sendable (
            UnsafeMutablePointer<Double>, UnsafePointer<Self>, UnsafePointer<UInt32>, UnsafePointer<UInt32>, Int, Int, Int
        ) -> Void
    static func functions(_ kernels: apus_forest_kernels) -> (walk: Walk, addLeaves: AddLeaves, addLeaf: AddLeaf)

    /// Calls `kernel.compute`: from here it is code for this type, while a generic kernel's `run` is code for any.
    static func compute(_ kernel: ForestKernel<Self>, _ rows: Range<Int>, _ context: KernelContext)
}

extension Float: ForestNumber {
    var treeWord: apus_tree_word { UInt64(bitPattern) }

    static func leafWord(_ number: UInt32) -> apus_tree_word { UInt64(number) << 32 | UInt64(Float.nan.bitPattern) }

    @inline(__always)
    init(atLeast element: some NumericElement) {
        self = element.asFloat
        let exact = element.asDouble
        if Double(self) < exact { self = nextUp }
    }

    static func functions(_ kernels: apus_forest_kernels) -> (walk: Walk, addLeaves: AddLeaves, addLeaf: AddLeaf) {
        (kernels.walk_f32, kernels.add_leaves_f32, kernels.add_leaf_f32)
    }

    static func compute(_ kernel: ForestKernel<Float>, _ rows: Range<Int>, _ context: KernelContext) { kernel.compute(rows, context) }
}

extension Double: ForestNumber {
    var treeWord: apus_tree_word { bitPattern }

    static func leafWord(_ number: UInt32) -> apus_tree_word { Double.nan.bitPattern | UInt64(number) }

    /// Integers beyond 2^53 are rounded, as everywhere.
    @inline(__always)
    init(atLeast element: some NumericElement) { self = element.asDouble }

    static func functions(_ kernels: apus_forest_kernels) -> (walk: Walk, addLeaves: AddLeaves, addLeaf: AddLeaf) {
        (kernels.walk_f64, kernels.add_leaves_f64, kernels.add_leaf_f64)
    }

    static func compute(_ kernel: ForestKernel<Double>, _ rows: Range<Int>, _ context: KernelContext) { kernel.compute(rows, context) }
}
