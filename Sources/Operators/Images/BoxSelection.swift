import GraphIR
import Tensors

/// The best boxes of each class of each image, without those that overlap a better one.
///
/// - Shapes: boxes [N, B, 4], scores [N, C, B] (, most boxes of a class (1), overlap threshold (1), score threshold (1)) → int64
///   [K, 3]: image, class, box; by image, then by class, then by falling score.
/// - Numerics: a box is out when its overlap with a better one is above the threshold; of equal scores the lower index comes
///   first. Without a number of boxes none is chosen.
/// - Source: ONNX operator NonMaxSuppression, opsets 10 and 11.
struct BoxSelection: DynamicOperator {
    /// Whether boxes are given as center x, center y, width and height, not by two opposite corners.
    let boxesHaveCenters: Bool
    var name: String { "NonMaxSuppression" }

    init(_ reader: AttributeReader) throws(OperatorError) {
        let format = try reader.integer("center_point_box", default: 0)
        guard (0...1).contains(format) else {
            throw .invalidAttribute(name: "center_point_box", reason: "is \(format), expected 0 or 1")
        }
        boxesHaveCenters = format == 1
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...5)
        let boxes = try inputs.required(0, of: [.float32])
        _ = try inputs.required(1, of: [.float32])
        try ImageInputs.check(inputs, 0, [nil, nil, 4])
        try ImageInputs.check(inputs, 1, [boxes.shape?[0].value, nil, boxes.shape?[1].value])
        if inputs[2] != nil { _ = try inputs.required(2, of: [.int64]) }
        for index in 3..<5 where inputs[index] != nil { _ = try inputs.required(index, of: [.float32]) }
        for index in 2..<5 {
            guard let shape = inputs[index]?.shape?.concrete, shape.elementCount != 1 else { continue }
            throw .invalidInput(index: index, reason: "has shape \(shape), expected a single number")
        }
        return [ValueFact(.int64, SymbolicShape([.unknown, .known(3)]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let boxes = try context.required(0), scores = try context.required(1)
        let extents = scores.shape.extents
        guard extents.count == 3, boxes.shape.extents == [extents[0], extents[2], 4] else {
            throw OperatorError.invalidInput(index: 0, reason: "is \(boxes.spec), which does not fit the scores \(scores.spec)")
        }
        let most = context.has(2) ? try context.required(2).integers?.first ?? 0 : 0
        let threshold = try number(context, 3) ?? 0, least = try number(context, 4) ?? -.infinity
        guard (0...1).contains(threshold) else {
            throw OperatorError.invalidInput(index: 3, reason: "is \(threshold), expected an overlap of 0 to 1")
        }
        let batch = Batch(
            images: extents[0], classes: extents[1], boxCount: extents[2], most: max(most, 0), overlapThreshold: threshold,
            scoreThreshold: least)
        // A candidate and a choice for each box, the boxes themselves, and all that is chosen, in an array that grows.
        let scratch = ByteCount.sum(
            ByteCount.product(batch.boxCount, 96), ByteCount.product(batch.largestCount, 2 * MemoryLayout<Choice>.stride))
        return try context.withScratch(scratch) { () throws(OperatorError) in
            [.tensor(try results(try choices(batch, boxes, scores, context), batch.classes, context))]
        }
    }

    private struct Batch {
        let images: Int
        let classes: Int
        let boxCount: Int
        let most: Int
        let overlapThreshold: Float
        let scoreThreshold: Float

        /// How many boxes may be chosen in all.
        var largestCount: Int { ByteCount.product(ByteCount.product(images, classes), min(most, boxCount)) }
    }

    private struct Choice {
        /// Counts the classes of all images.
        let line: Int
        let box: Int
    }

    private func choices(
        _ batch: Batch, _ boxes: TensorView, _ scores: TensorView, _ context: EvaluationContext
    ) throws(OperatorError) -> [Choice] {
        guard batch.largestCount > 0 else { return [] }
        var choices: [Choice] = []
        let count = batch.boxCount
        for image in 0..<batch.images {
            let corners = corners(boxes.baseAddress.assumingMemoryBound(to: Float.self) + image * count * 4, count)
            for line in image * batch.classes..<(image + 1) * batch.classes {
                try context.checkStop()
                let first = scores.baseAddress.assumingMemoryBound(to: Float.self) + line * count
                let queue = SuppressionQueue(
                    scores: Array(UnsafeBufferPointer(start: first, count: count)), overlaps: .boxes(corners),
                    overlapThreshold: batch.overlapThreshold, scoreThreshold: batch.scoreThreshold, sigma: 0)
                choices += try queue.choose(batch.most, context).map { Choice(line: line, box: $0.index) }
            }
        }
        return choices
    }

    /// Boxes by opposite corners; sizes below 0 count as 0.
    private func corners(_ boxes: UnsafePointer<Float>, _ count: Int) -> [Float] {
        guard boxesHaveCenters else { return Array(UnsafeBufferPointer(start: boxes, count: 4 * count)) }
        var corners: [Float] = []
        corners.reserveCapacity(4 * count)
        for box in 0..<count {
            let at = boxes + 4 * box, width = max(at[2], 0) / 2, height = max(at[3], 0) / 2
            corners += [at[1] - height, at[0] - width, at[1] + height, at[0] + width]
        }
        return corners
    }

    private func results(
        _ choices: [Choice], _ classes: Int, _ context: EvaluationContext
    ) throws(OperatorError) -> Tensor {
        try context.makeTensor(TensorSpec(.int64, [choices.count, 3])) { bytes in
            let output = bytes.bindMemory(to: Int64.self)
            for (place, choice) in choices.enumerated() {
                output[3 * place] = Int64(choice.line / classes)
                output[3 * place + 1] = Int64(choice.line % classes)
                output[3 * place + 2] = Int64(choice.box)
            }
        }
    }

    private func number(_ context: EvaluationContext, _ index: Int) throws(OperatorError) -> Float? {
        guard context.has(index) else { return nil }
        let view = try context.required(index)
        guard view.elementType == .float32, let value = view.values(Float.self).first else {
            throw .invalidInput(index: index, reason: "is \(view.spec), expected a single float32")
        }
        return value
    }
}
