import GraphIR
import Tensors

/// A cache with new positions written into it, for each image from a place of its own on.
///
/// - Shapes: cache [N, A…, M, B…] and update [N, A…, K, B…] of any dense type, optional places int64 [N] → as the cache. K is at
///   most M. Without places writing begins at 0.
/// - Numerics: linear writing must end within the cache; circular writing goes on at its beginning.
/// - Source: ONNX operator TensorScatter, opset 24.
struct TensorScatter: Operator {
    enum Mode: String, CaseIterable { case linear, circular }

    let axis: Int
    let mode: Mode

    init(_ reader: AttributeReader) throws(OperatorError) {
        axis = try reader.integer("axis", default: -2)
        mode = try reader.choice("mode", default: .linear)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...3)
        let cache = try inputs.dense(0), update = try inputs.dense(1)
        try inputs.checkSameType(1, as: 0)
        if inputs[2] != nil { _ = try inputs.required(2, of: [.int64]) }
        guard let shape = cache.shape else { return [ValueFact(cache.type)] }
        let axis = try resolvedAxis(rank: shape.rank)
        if let given = update.shape {
            guard given.rank == shape.rank,
                (0..<shape.rank).allSatisfy({ $0 == axis || Dimension.unified(given[$0], shape[$0]) != nil }),
                (given[axis].value ?? 0) <= (shape[axis].value ?? .max)
            else {
                throw .invalidInput(index: 1, reason: "is \(given), which does not fit along axis \(axis) of the cache \(shape)")
            }
        }
        if let places = inputs[2]?.shape, places.rank != 1 || Dimension.unified(places[0], shape[0]) == nil {
            throw .invalidInput(index: 2, reason: "is \(places), expected one place for each of \(shape[0]) images")
        }
        return [ValueFact(cache.type)]
    }

    private func resolvedAxis(rank: Int) throws(OperatorError) -> Int {
        let axis = try Axes.resolve(axis, rank: rank)
        guard axis > 0 else { throw .invalidAttribute(name: "axis", reason: "is \(self.axis), the axis of the images") }
        return axis
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.axis(0) == 0, inputs.axis(1) == 0, inputs[2] == nil || inputs.axis(2) == 0 else {
            return .mixed(RowReason.positional)
        }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let cache = try context.input(0), axis = try resolvedAxis(rank: cache.shape.rank)
        let kernel = TensorScatterKernel(
            cacheByteCount: cache.byteCount, images: cache.shape[0], blocks: cache.shape.elementCount(in: 1..<axis),
            extent: cache.shape[axis], count: try context.input(1).shape[axis],
            byteCount: cache.shape.elementCount(in: axis + 1..<cache.shape.rank) * cache.elementType.byteCount,
            isCircular: mode == .circular, hasPlaces: context.has(2))
        return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
    }
}

private struct TensorScatterKernel: Kernel {
    let cacheByteCount: Int
    let images: Int
    /// Of each image.
    let blocks: Int
    let extent: Int
    let count: Int
    /// Of one position.
    let byteCount: Int
    let isCircular: Bool
    let hasPlaces: Bool

    func run(_ context: KernelContext) throws(OperatorError) {
        let target = context.output(0), update = context.input(1)
        if UnsafeRawPointer(target) != context.input(0) { target.copyMemory(from: context.input(0), byteCount: cacheByteCount) }
        for image in 0..<images {
            let start = try start(context, image)
            // What lies before the end of the cache, and what goes on at its beginning.
            let first = min(count, extent - start)
            for block in image * blocks..<(image + 1) * blocks {
                let line = target + block * extent * byteCount, source = update + block * count * byteCount
                (line + start * byteCount).copyMemory(from: source, byteCount: first * byteCount)
                line.copyMemory(from: source + first * byteCount, byteCount: (count - first) * byteCount)
            }
        }
    }

    private func start(_ context: KernelContext, _ image: Int) throws(OperatorError) -> Int {
        guard hasPlaces else { return 0 }
        let place = Int(context.input(2, as: Int64.self)[image])
        if isCircular {
            let remainder = place % extent
            return remainder < 0 ? remainder + extent : remainder
        }
        guard place >= 0, place <= extent - count else {
            throw .invalidValue("writes \(count) positions from \(place) on for image \(image), the cache has \(extent)")
        }
        return place
    }
}
