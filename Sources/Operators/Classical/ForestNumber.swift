import CKernels
import GraphIR

/// A type in which features and thresholds are compared, with its kernels.
protocol ForestNumber: BinaryFloatingPoint, NumericElement {
    /// As a threshold of a branch; see `SplitTest`.
    func treeWord(isLowered: Bool) -> apus_tree_word
    /// The threshold of leaf `number`.
    static func leafWord(_ number: UInt32) -> apus_tree_word
    /// A feature; integers beyond 2^53 are rounded, as everywhere.
    init(feature: some NumericElement)

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
    /// A branch's high bits, which walks do not read, say whether the threshold was lowered.
    func treeWord(isLowered: Bool) -> apus_tree_word { UInt64(bitPattern) | (isLowered ? 1 << 32 : 0) }

    static func leafWord(_ number: UInt32) -> apus_tree_word { UInt64(number) << 32 | UInt64(Float.nan.bitPattern) }

    @inline(__always)
    init(feature: some NumericElement) { self = feature.asFloat }

    static func functions(_ kernels: apus_forest_kernels) -> (walk: Walk, addLeaves: AddLeaves, addLeaf: AddLeaf) {
        (kernels.walk_f32, kernels.add_leaves_f32, kernels.add_leaf_f32)
    }

    static func compute(_ kernel: ForestKernel<Float>, _ rows: Range<Int>, _ context: KernelContext) { kernel.compute(rows, context) }
}

extension Double: ForestNumber {
    func treeWord(isLowered: Bool) -> apus_tree_word { bitPattern }

    static func leafWord(_ number: UInt32) -> apus_tree_word { Double.nan.bitPattern | UInt64(number) }

    @inline(__always)
    init(feature: some NumericElement) { self = feature.asDouble }

    static func functions(_ kernels: apus_forest_kernels) -> (walk: Walk, addLeaves: AddLeaves, addLeaf: AddLeaf) {
        (kernels.walk_f64, kernels.add_leaves_f64, kernels.add_leaf_f64)
    }

    static func compute(_ kernel: ForestKernel<Double>, _ rows: Range<Int>, _ context: KernelContext) { kernel.compute(rows, context) }
}
