import CKernels
import GraphIR
import Tensors

/// Takes some rows of queries of one head at a time: their products with all keys lie in scratch memory until the values are mixed.
struct AttentionKernel<Scalar: FloatingScalar & ContractionScalar>: Kernel {
    /// Enough rows for products to be fast; few enough for their products with long rows of keys to stay near.
    private static var rowsInUnit: Int { 64 }

    private let geometry: AttentionGeometry
    private let softmax: apus_softmax_f32
    private let hasWideSoftmax: Bool
    private let scale: Scalar
    private let cap: Scalar
    private let stage: Attention.Stage
    private let isCausal: Bool
    private let hasPast: Bool
    private let hasCounts: Bool
    private let outputs: Int
    private let blocks: Int
    private let split: PartSplit

    init(_ op: Attention, _ geometry: AttentionGeometry, _ context: CompileContext) {
        LinearAlgebra.configure()
        self.geometry = geometry
        softmax = context.functions.softmax.softmax_rows_f32
        hasWideSoftmax = op.hasWideSoftmax
        scale = op.scale.map { Scalar($0) } ?? (1 / Scalar(max(geometry.keySize, 1))).squareRoot()
        cap = Scalar(op.cap)
        stage = op.stage
        isCausal = op.isCausal
        hasPast = context.has(4)
        hasCounts = context.has(6)
        outputs = context.outputs.count
        // At least one, so that keys and values are copied for no queries, too.
        blocks = geometry.queryHeads == 0 ? 1 : max((geometry.queryLength + Self.rowsInUnit - 1) / Self.rowsInUnit, 1)
        let heads = max(geometry.queryHeads, geometry.keyHeads)
        let products = Double(geometry.images * heads) * Double(geometry.queryLength) * Double(geometry.totalLength)
        split = PartSplit(
            units: geometry.images * heads * blocks, operations: products * (8 + Double(geometry.keySize + geometry.valueSize)))
    }

    var compiled: CompiledOperator {
        let rows = min(geometry.queryLength, Self.rowsInUnit)
        return CompiledOperator(self, scratchByteCount: ByteCount.product(ByteCount.of(Scalar.self, geometry.totalLength), rows))
    }

    private var heads: Int { max(geometry.queryHeads, geometry.keyHeads) }

    func run(_ context: KernelContext) throws(OperatorError) { try run(units: 0..<geometry.images * heads * blocks, context) }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) throws(OperatorError) { try run(units: split.units(of: part), context) }

    private func run(units: Range<Int>, _ context: KernelContext) throws(OperatorError) {
        for unit in units {
            let block = unit % blocks, head = unit / blocks % heads, image = unit / blocks / heads
            if block == 0, head < geometry.keyHeads { copyPresent(context, image: image, head: head) }
            guard head < geometry.queryHeads else { continue }
            let first = block * Self.rowsInUnit
            let rows = min(Self.rowsInUnit, geometry.queryLength - first)
            if rows > 0 { try attend(context, Place(image: image, head: head, first: first, rows: rows, geometry)) }
        }
    }

    /// Some rows of queries of one head.
    private struct Place {
        let image: Int
        let head: Int
        let keyHead: Int
        let first: Int
        let rows: Int

        init(image: Int, head: Int, first: Int, rows: Int, _ geometry: AttentionGeometry) {
            self.image = image
            self.head = head
            self.first = first
            self.rows = rows
            keyHead = head / (geometry.queryHeads / geometry.keyHeads)
        }
    }

    private func attend(_ context: KernelContext, _ place: Place) throws(OperatorError) {
        let scores = context.scratch.assumingMemoryBound(to: Scalar.self)
        try multiplyKeys(context, place, scores)
        show(.product, context, place, scores)
        hide(context, place, scores)
        show(.masked, context, place, scores)
        let count = place.rows * geometry.totalLength
        if cap > 0 { for i in 0..<count { scores[i] = (scores[i] / cap).applying(.tanh) * cap } }
        show(.capped, context, place, scores)
        if geometry.totalLength > 0 { normalize(scores, rows: place.rows) }
        show(.softmax, context, place, scores)
        try mixValues(context, place, scores)
    }

    // MARK: Products

    /// scores [rows, T] = scale · q · kᵀ, the keys of the past first.
    private func multiplyKeys(
        _ context: KernelContext, _ place: Place, _ scores: UnsafeMutablePointer<Scalar>
    ) throws(OperatorError) {
        let size = geometry.keySize, past = geometry.pastLength, total = geometry.totalLength
        guard size > 0 else { return scores.update(repeating: 0, count: place.rows * total) }
        let queries =
            context.input(0, as: Scalar.self)
            + geometry.query.offset(image: place.image, head: place.head, row: place.first)
        if past > 0 {
            let keys = context.input(4, as: Scalar.self) + (place.image * geometry.keyHeads + place.keyHead) * past * size
            try multiply(queries, geometry.query.row, keys, size, columns: past, into: scores, place)
        }
        guard geometry.newLength > 0 else { return }
        let keys = context.input(1, as: Scalar.self) + geometry.key.offset(image: place.image, head: place.keyHead)
        try multiply(queries, geometry.query.row, keys, geometry.key.row, columns: geometry.newLength, into: scores + past, place)
    }

    private func multiply(
        _ queries: UnsafePointer<Scalar>, _ queryStride: Int, _ keys: UnsafePointer<Scalar>, _ keyStride: Int, columns: Int,
        into scores: UnsafeMutablePointer<Scalar>, _ place: Place
    ) throws(OperatorError) {
        var product = try MatrixProduct(
            rows: place.rows, steps: geometry.keySize, columns: columns, left: MatrixProduct.Operand(stride: queryStride),
            right: MatrixProduct.Operand(form: .transposed, stride: keyStride), resultStride: geometry.totalLength)
        product.scale = Double(scale)
        Scalar.multiply(product, queries, keys, into: scores)
    }

    /// result [rows, V] = weights [rows, T] · values.
    private func mixValues(
        _ context: KernelContext, _ place: Place, _ weights: UnsafeMutablePointer<Scalar>
    ) throws(OperatorError) {
        let size = geometry.valueSize, past = geometry.pastLength, total = geometry.totalLength
        guard size > 0 else { return }
        let result =
            context.output(0, as: Scalar.self)
            + geometry.result.offset(image: place.image, head: place.head, row: place.first)
        if total == 0 {
            for row in 0..<place.rows { (result + row * geometry.result.row).update(repeating: 0, count: size) }
        }
        if past > 0 {
            let values = context.input(5, as: Scalar.self) + (place.image * geometry.keyHeads + place.keyHead) * past * size
            try mix(weights, values, size, steps: past, into: result, place)
        }
        guard geometry.newLength > 0 else { return }
        let values = context.input(2, as: Scalar.self) + geometry.value.offset(image: place.image, head: place.keyHead)
        try mix(weights + past, values, geometry.value.row, steps: geometry.newLength, into: result, place, accumulates: past > 0)
    }

    private func mix(
        _ weights: UnsafePointer<Scalar>, _ values: UnsafePointer<Scalar>, _ valueStride: Int, steps: Int,
        into result: UnsafeMutablePointer<Scalar>, _ place: Place, accumulates: Bool = false
    ) throws(OperatorError) {
        var product = try MatrixProduct(
            rows: place.rows, steps: steps, columns: geometry.valueSize,
            left: MatrixProduct.Operand(stride: geometry.totalLength), right: MatrixProduct.Operand(stride: valueStride),
            resultStride: geometry.result.row)
        product.accumulates = accumulates
        Scalar.multiply(product, weights, values, into: result)
    }

    // MARK: Masks

    /// Adds the mask, and takes out keys that do not count.
    private func hide(_ context: KernelContext, _ place: Place, _ scores: UnsafeMutablePointer<Scalar>) {
        guard geometry.mask != nil || isCausal || hasCounts else { return }
        let total = geometry.totalLength
        var limit = min(geometry.mask?.length ?? total, total)
        if hasCounts { limit = min(limit, max(Int(context.input(6, as: Int64.self)[place.image]), 0)) }
        for row in 0..<place.rows {
            let visible = isCausal ? min(limit, geometry.pastLength + place.first + row + 1) : limit
            let line = scores + row * total
            if let mask = geometry.mask {
                let start = mask.layout.offset(image: place.image, head: place.head, row: place.first + row)
                add(mask, context.input(3), start, to: line, visible)
            }
            for key in visible..<total { line[key] = -.infinity }
        }
    }

    @inline(__always)
    private func add(
        _ mask: AttentionGeometry.Mask, _ address: UnsafeRawPointer, _ start: Int, to line: UnsafeMutablePointer<Scalar>,
        _ count: Int
    ) {
        if mask.isBool {
            let flags = address.assumingMemoryBound(to: UInt8.self) + start
            for key in 0..<count where flags[key * mask.step] == 0 { line[key] = -.infinity }
        } else {
            let terms = address.assumingMemoryBound(to: Scalar.self) + start
            for key in 0..<count { line[key] += terms[key * mask.step] }
        }
    }

    // MARK: Softmax

    private func normalize(_ scores: UnsafeMutablePointer<Scalar>, rows: Int) {
        let total = geometry.totalLength
        if Scalar.self == Float.self, !hasWideSoftmax {
            let floats = UnsafeMutableRawPointer(scores).assumingMemoryBound(to: Float.self)
            softmax(floats, floats, rows, total)
            return
        }
        for row in 0..<rows {
            let line = scores + row * total
            var top = -Double.infinity, sum = 0.0
            for key in 0..<total where Double(line[key]) > top || line[key].isNaN { top = Double(line[key]) }
            for key in 0..<total { sum += (Double(line[key]) - top).applying(.exp) }
            for key in 0..<total { line[key] = Scalar((Double(line[key]) - top).applying(.exp) / sum) }
        }
    }

    // MARK: Further outputs

    private func show(_ stage: Attention.Stage, _ context: KernelContext, _ place: Place, _ scores: UnsafePointer<Scalar>) {
        guard outputs > 3, stage == self.stage else { return }
        let row = (place.image * geometry.queryHeads + place.head) * geometry.queryLength + place.first
        (context.output(3, as: Scalar.self) + row * geometry.totalLength)
            .update(from: scores, count: place.rows * geometry.totalLength)
    }

    /// The keys and values of one head, those of the past first.
    private func copyPresent(_ context: KernelContext, image: Int, head: Int) {
        if outputs > 1 { copy(context, (4, 1), geometry.key, geometry.keySize, to: 1, image: image, head: head) }
        if outputs > 2 { copy(context, (5, 2), geometry.value, geometry.valueSize, to: 2, image: image, head: head) }
    }

    private func copy(
        _ context: KernelContext, _ inputs: (past: Int, new: Int), _ layout: AttentionGeometry.Layout, _ size: Int, to output: Int,
        image: Int, head: Int
    ) {
        let block = image * geometry.keyHeads + head, past = geometry.pastLength * size
        let target = context.output(output, as: Scalar.self) + block * geometry.totalLength * size
        if hasPast, past > 0 { target.update(from: context.input(inputs.past, as: Scalar.self) + block * past, count: past) }
        let source = context.input(inputs.new, as: Scalar.self) + layout.offset(image: image, head: head)
        for row in 0..<geometry.newLength {
            (target + past + row * size).update(from: source + row * layout.row, count: size)
        }
    }
}
