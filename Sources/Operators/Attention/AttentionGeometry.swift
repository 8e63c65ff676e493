import GraphIR
import Tensors

/// The concrete sizes of an attention, and where the operands of each head lie.
struct AttentionGeometry: Sendable {
    /// Elements from one image, head and position to the next.
    struct Layout: Sendable {
        let image: Int
        let head: Int
        let row: Int

        func offset(image: Int, head: Int, row: Int = 0) -> Int { image * self.image + head * self.head + row * self.row }
    }

    /// A mask that broadcasts: steps of 0 stay where they are.
    struct Mask: Sendable {
        let layout: Layout
        let step: Int
        /// Keys that it speaks of; those behind are hidden.
        let length: Int
        let isBool: Bool
    }

    let images: Int
    let queryHeads: Int
    let keyHeads: Int
    let queryLength: Int
    let newLength: Int
    let pastLength: Int
    let keySize: Int
    let valueSize: Int
    let query: Layout
    let key: Layout
    let value: Layout
    let result: Layout
    let mask: Mask?

    var totalLength: Int { pastLength + newLength }

    /// - Throws: when an extent is beyond what OpenBLAS can count.
    init(_ op: Attention, _ context: CompileContext) throws(OperatorError) {
        let queries = try context.input(0).shape, keys = try context.input(1).shape, values = try context.input(2).shape
        let hasHeads = queries.rank == 4
        images = queries[0]
        queryHeads = hasHeads ? queries[1] : op.queryHeads ?? 1
        keyHeads = hasHeads ? keys[1] : op.keyHeads ?? 1
        queryLength = queries[hasHeads ? 2 : 1]
        newLength = keys[hasHeads ? 2 : 1]
        pastLength = context.has(4) ? try context.input(4).shape[2] : 0
        keySize = hasHeads ? queries[3] : queries[2] / queryHeads
        valueSize = hasHeads ? values[3] : values[2] / keyHeads
        query = Self.layout(queries, size: keySize)
        key = Self.layout(keys, size: keySize)
        value = Self.layout(values, size: valueSize)
        result = Self.layout(context.outputs[0].shape, size: valueSize)
        mask = context.has(3) ? Self.mask(try context.input(3), pastLength + newLength, op.extendsMask) : nil
        for extent in [totalLength, keySize, valueSize, query.row, key.row, value.row, result.row]
        where Int32(exactly: extent) == nil {
            throw .unsupported("Attention over an axis of \(extent), more than \(Int32.max),")
        }
    }

    /// Of [N, heads, rows, size], or of [N, rows, heads · size].
    private static func layout(_ shape: Shape, size: Int) -> Layout {
        let strides = shape.strides
        return shape.rank == 4
            ? Layout(image: strides[0], head: strides[1], row: strides[2])
            : Layout(image: strides[0], head: size, row: strides[1])
    }

    private static func mask(_ spec: TensorSpec, _ keys: Int, _ extendsMask: Bool) -> Mask {
        let shape = Shape([Int](repeating: 1, count: 4 - spec.shape.rank) + spec.shape.extents)
        let strides = shape.strides
        func step(_ axis: Int) -> Int { shape[axis] == 1 ? 0 : strides[axis] }
        let length = extendsMask ? min(shape[3], keys) : keys
        return Mask(
            layout: Layout(image: step(0), head: step(1), row: step(2)), step: step(3), length: length,
            isBool: spec.elementType == .bool)
    }
}
