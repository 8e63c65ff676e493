import GraphIR
import Tensors

/// The k largest (or smallest) elements along an axis, and where they stood.
///
/// - Shapes: data [A…, n, B…], k → values and int64 indices [A…, k, B…], best first; of equal elements the one with the
///   lower index comes first; NaN counts as the largest.
/// - Source: ONNX operator TopK; k is an attribute before opset 10, an input since. TensorFlow's TopK, TopKV2 and, exact,
///   ApproxTopK.
struct TopK: Operator {
    var axis = -1
    var count: Int?
    var takesLargest = true
    /// Of the positions: int64, int32 or int16.
    var indexType = ElementType.int64

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(count == nil ? 2...2 : 1...1)
        let data = try inputs.required(0, of: ElementTypes.numbers)
        let given = try inputs.parameters(1, or: count.map { [$0] })
        guard var shape = data.shape else {
            return [ValueFact(data.elementType, nil as SymbolicShape?), ValueFact(indexType, nil as SymbolicShape?)]
        }
        let axis = try Axes.resolve(axis, rank: shape.rank)
        shape[axis] = try given.map { given throws(OperatorError) in try checked(given, shape: shape, axis: axis) } ?? .unknown
        shape = try shape.checked("the output")
        return [ValueFact(data.elementType, shape), ValueFact(indexType, shape)]
    }

    var shapeOperands: Set<Int> { count == nil ? [1] : [] }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            inputs.linewise(along: [try Axes.resolve(axis, rank: inputs.extents(0)?.count ?? 0)])
        }
    }

    private func checked(_ given: [Int], shape: SymbolicShape, axis: Int) throws(OperatorError) -> Dimension {
        guard given.count == 1, given[0] >= 0 else {
            throw .invalidValue("k is \(given), expected one number that is not negative")
        }
        if let extent = shape[axis].value, given[0] > extent {
            throw .invalidValue("k is \(given[0]), axis \(axis) of shape \(shape) has only \(extent) elements")
        }
        return .known(given[0])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0)
        let axis = try Axes.resolve(axis, rank: data.shape.rank)
        let count = context.outputs[0].shape[axis]
        let kernel = TopKKernel(
            type: data.elementType, outerCount: data.shape.elementCount(in: 0..<axis), extent: data.shape[axis],
            innerCount: data.shape.elementCount(in: axis + 1..<data.shape.rank), count: count,
            takesLargest: takesLargest, indexType: context.outputs.count > 1 ? indexType : nil)
        return CompiledOperator(kernel, scratchByteCount: ByteCount.of(Int.self, count))
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("TopK", through: 9) { reader throws(OperatorError) in
            guard let count = try reader.integer("k") else {
                throw .invalidAttribute(name: "k", reason: "is missing")
            }
            return TopK(axis: try reader.integer("axis", default: -1), count: count)
        },
        .onnx("TopK", since: 10) { reader throws(OperatorError) in
            TopK(
                axis: try reader.integer("axis", default: -1), takesLargest: try reader.flag("largest", default: true))
        },
        .tensorFlow("TopK") { reader throws(OperatorError) in TopK(count: try reader.count("k"), indexType: .int32) },
        .tensorFlow("TopKV2") { reader throws(OperatorError) in
            TopK(indexType: try reader.elementType("index_type", default: .int32, of: [.int16, .int32, .int64]))
        },
        .tensorFlow("ApproxTopK") { reader throws(OperatorError) in
            TopK(
                axis: try reader.integer("reduction_dimension", default: -1), count: try reader.count("k"),
                takesLargest: try reader.flag("is_max_k", default: true), indexType: .int32)
        },
    ]
}

/// Keeps the best k positions of a column in a heap whose root is the worst of them.
private struct TopKKernel: Kernel {
    let type: ElementType
    let outerCount: Int
    let extent: Int
    let innerCount: Int
    let count: Int
    let takesLargest: Bool
    /// nil when nobody wants the positions.
    let indexType: ElementType?

    func run(_ context: KernelContext) throws(OperatorError) {
        guard count > 0 else { return }
        try type.dispatch(Selection(kernel: self, context: context))
    }

    private struct Selection: NumericVisitor {
        let kernel: TopKKernel
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            let data = context.input(0, as: Element.self), values = context.output(0, as: Element.self)
            let heap = context.scratch.assumingMemoryBound(to: Int.self)
            let extent = kernel.extent, inner = kernel.innerCount, count = kernel.count
            for outer in 0..<kernel.outerCount {
                for column in 0..<inner {
                    let source = Column(
                        data: data + outer * extent * inner + column, stride: inner, takesLargest: kernel.takesLargest)
                    select(source, extent, count, heap)
                    let target = outer * count * inner + column
                    for rank in 0..<count { values[target + rank * inner] = source.data[heap[rank] * inner] }
                    switch kernel.indexType {
                    case nil: continue
                    case .int16: write(heap, count, to: context.output(1, as: Int16.self) + target, inner)
                    case .int32: write(heap, count, to: context.output(1, as: Int32.self) + target, inner)
                    default: write(heap, count, to: context.output(1, as: Int64.self) + target, inner)
                    }
                }
            }
        }

        @inline(__always)
        private func write<Index: FixedWidthInteger>(
            _ heap: UnsafeMutablePointer<Int>, _ count: Int, to target: UnsafeMutablePointer<Index>, _ stride: Int
        ) {
            for rank in 0..<count { target[rank * stride] = Index(truncatingIfNeeded: heap[rank]) }
        }

        /// Leaves the best `count` of `extent` positions in `heap`, best first.
        @inline(__always)
        private func select<Element: NumericElement>(
            _ column: Column<Element>, _ extent: Int, _ count: Int, _ heap: UnsafeMutablePointer<Int>
        ) {
            for position in 0..<count { heap[position] = position }
            for root in stride(from: count / 2 - 1, through: 0, by: -1) { sink(column, heap, root, count) }
            for position in count..<max(extent, count) where column.isBetter(position, heap[0]) {
                heap[0] = position
                sink(column, heap, 0, count)
            }
            for last in stride(from: count - 1, to: 0, by: -1) {
                swap(&heap[0], &heap[last])
                sink(column, heap, 0, last)
            }
        }

        /// Moves the root down until nothing worse lies below it.
        @inline(__always)
        private func sink<Element: NumericElement>(
            _ column: Column<Element>, _ heap: UnsafeMutablePointer<Int>, _ root: Int, _ count: Int
        ) {
            let moving = heap[root]
            var hole = root
            while 2 * hole + 1 < count {
                var child = 2 * hole + 1
                if child + 1 < count, column.isBetter(heap[child], heap[child + 1]) { child += 1 }
                guard column.isBetter(moving, heap[child]) else { break }
                heap[hole] = heap[child]
                hole = child
            }
            heap[hole] = moving
        }
    }

    /// The elements along the axis, and their order.
    private struct Column<Element: NumericElement> {
        let data: UnsafePointer<Element>
        let stride: Int
        let takesLargest: Bool

        @inline(__always)
        func isBetter(_ left: Int, _ right: Int) -> Bool {
            let a = data[left * stride], b = data[right * stride]
            if takesLargest ? b.isBelow(a) : a.isBelow(b) { return true }
            if takesLargest ? a.isBelow(b) : b.isBelow(a) { return false }
            return left < right
        }
    }
}
