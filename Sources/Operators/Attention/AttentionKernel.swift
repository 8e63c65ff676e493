import CKernels
import COpenBLAS
import GraphIR
import Tensors

/// Takes some rows of queries of one head at a time: their products with all keys lie in scratch memory until the values are mixed.
struct AttentionKernel<Scalar: AttentionScalar>: Kernel {
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

    func run(_ context: KernelContext) { run(units: 0..<geometry.images * heads * blocks, context) }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) { run(units: split.units(of: part), context) }

    private func run(units: Range<Int>, _ context: KernelContext) {
        for unit in units {
            let block = unit % blocks, head = unit / blocks % heads, image = unit / blocks / heads
            if block == 0, head < geometry.keyHeads { copyPresent(context, image: image, head: head) }
            guard head < geometry.queryHeads else { continue }
            let first = block * Self.rowsInUnit
            let rows = min(Self.rowsInUnit, geometry.queryLength - first)
            if rows > 0 { attend(context, Place(image: image, head: head, first: first, rows: rows, geometry)) }
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

    private func attend(_ context: KernelContext, _ place: Place) {
        let scores = context.scratch.assumingMemoryBound(to: Scalar.self)
        multiplyKeys(context, place, scores)
        show(.product, context, place, scores)
        hide(context, place, scores)
        show(.masked, context, place, scores)
        let count = place.rows * geometry.totalLength
        if cap > 0 { for i in 0..<count { scores[i] = (scores[i] / cap).applying(.tanh) * cap } }
        show(.capped, context, place, scores)
        if geometry.totalLength > 0 { normalize(scores, rows: place.rows) }
        show(.softmax, context, place, scores)
        mixValues(context, place, scores)
    }

    // MARK: Products

    /// scores [rows, T] = scale · q · kᵀ, the keys of the past first.
    private func multiplyKeys(_ context: KernelContext, _ place: Place, _ scores: UnsafeMutablePointer<Scalar>) {
        let size = geometry.keySize, past = geometry.pastLength, total = geometry.totalLength
        guard size > 0 else { return scores.update(repeating: 0, count: place.rows * total) }
        let queries =
            context.input(0, as: Scalar.self)
            + geometry.query.offset(image: place.image, head: place.head, row: place.first)
        if past > 0 {
            let keys = context.input(4, as: Scalar.self) + (place.image * geometry.keyHeads + place.keyHead) * past * size
            Scalar.multiply(
                ScaledProduct(
                    rows: place.rows, columns: past, steps: size, transposesRight: true,
                    strides: (geometry.query.row, size, total)),
                scale, queries, keys, 0, scores)
        }
        guard geometry.newLength > 0 else { return }
        let keys = context.input(1, as: Scalar.self) + geometry.key.offset(image: place.image, head: place.keyHead)
        Scalar.multiply(
            ScaledProduct(
                rows: place.rows, columns: geometry.newLength, steps: size, transposesRight: true,
                strides: (geometry.query.row, geometry.key.row, total)),
            scale, queries, keys, 0, scores + past)
    }

    /// result [rows, V] = weights [rows, T] · values.
    private func mixValues(_ context: KernelContext, _ place: Place, _ weights: UnsafeMutablePointer<Scalar>) {
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
            Scalar.multiply(
                ScaledProduct(
                    rows: place.rows, columns: size, steps: past, transposesRight: false,
                    strides: (total, size, geometry.result.row)),
                1, weights, values, 0, result)
        }
        guard geometry.newLength > 0 else { return }
        let values = context.input(2, as: Scalar.self) + geometry.value.offset(image: place.image, head: place.keyHead)
        Scalar.multiply(
            ScaledProduct(
                rows: place.rows, columns: size, steps: geometry.newLength, transposesRight: false,
                strides: (total, geometry.value.row, geometry.result.row)),
            1, weights + past, values, past > 0 ? 1 : 0, result)
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

/// c [rows, columns] = factor · a · b + kept · c, where `strides` are the distances between rows of a, b and c in memory.
struct ScaledProduct {
    let rows: Int
    let columns: Int
    let steps: Int
    let transposesRight: Bool
    let strides: (left: Int, right: Int, result: Int)

    var right: CBLAS_TRANSPOSE { transposesRight ? CblasTrans : CblasNoTrans }
}

/// A number that attention is computed with.
protocol AttentionScalar: FloatingScalar {
    static func multiply(
        _ product: ScaledProduct, _ factor: Self, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, _ kept: Self,
        _ c: UnsafeMutablePointer<Self>)
}

extension Float: AttentionScalar {
    static func multiply(
        _ product: ScaledProduct, _ factor: Float, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ kept: Float,
        _ c: UnsafeMutablePointer<Float>
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, product.right, Int32(product.rows), Int32(product.columns), Int32(product.steps), factor,
            a,
            Int32(product.strides.left), b, Int32(product.strides.right), kept, c, Int32(product.strides.result))
    }
}

extension Double: AttentionScalar {
    static func multiply(
        _ product: ScaledProduct, _ factor: Double, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ kept: Double,
        _ c: UnsafeMutablePointer<Double>
    ) {
        cblas_dgemm(
            CblasRowMajor, CblasNoTrans, product.right, Int32(product.rows), Int32(product.columns), Int32(product.steps), factor,
            a,
            Int32(product.strides.left), b, Int32(product.strides.right), kept, c, Int32(product.strides.result))
    }
}
