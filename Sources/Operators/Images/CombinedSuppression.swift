import GraphIR
import Tensors

/// Non-max suppression for each class of each image, and the best of all classes.
///
/// - Shapes: boxes [N, B, Q, 4] (Q: 1 or the number of classes), scores [N, B, K], most for each class, most in all, thresholds
///   (scalars) → boxes [N, M, 4], scores [N, M], classes [N, M], how many are valid [N]; what is left is 0.
/// - Source: TensorFlow operator CombinedNonMaxSuppression.
struct CombinedSuppression: DynamicOperator {
    let padsPerClass: Bool
    let clips: Bool
    var name: String { "CombinedNonMaxSuppression" }

    init(_ reader: AttributeReader) throws(OperatorError) {
        padsPerClass = try reader.flag("pad_per_class", default: false)
        clips = try reader.flag("clip_boxes", default: true)
    }

    var shapeOperands: Set<Int> { [2, 3] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(6...6)
        let boxes = try inputs.required(0, of: [.float32]), scores = try inputs.required(1, of: [.float32])
        try ImageInputs.check(inputs, 0, [scores.shape?.dimensions.first?.value, nil, nil, 4])
        try ImageInputs.check(inputs, 1, [boxes.shape?.dimensions.first?.value, boxes.shape?[1].value, nil])
        for index in 2...3 { _ = try inputs.required(index, of: [.int32]) }
        for index in 4...5 { _ = try inputs.required(index, of: [.float32]) }
        let batch = Dimension.unified(boxes.shape?[0] ?? .unknown, scores.shape?[0] ?? .unknown) ?? .unknown
        let classes = scores.shape?[2].value
        if let classes, let boxClasses = boxes.shape?[2].value, boxClasses != 1, boxClasses != classes {
            throw .invalidInput(index: 0, reason: "has boxes for \(boxClasses) classes, scores are for \(classes)")
        }
        var count = Dimension.unknown
        if let total = inputs[3]?.integers?.first {
            guard total > 0 else { throw .invalidInput(index: 3, reason: "is \(total), expected at least 1") }
            if !padsPerClass { count = .known(total) }
            if padsPerClass, let each = inputs[2]?.integers?.first, let classes {
                guard each > 0 else { throw .invalidInput(index: 2, reason: "is \(each), expected at least 1") }
                count = .known(min(total, ByteCount.product(each, classes)))
            }
        }
        let list = try SymbolicShape([batch, count]).checked("the output")
        return [
            ValueFact(.float32, try SymbolicShape([batch, count, .known(4)]).checked("the output")), ValueFact(.float32, list),
            ValueFact(.float32, list), ValueFact(.int32, SymbolicShape([batch])),
        ]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0, 1), inputs.axis(0) == 0, inputs.axis(1) == 0, inputs.isFixed(2), inputs.isFixed(3)
        else { return .mixed(RowReason.parameter) }
        return .rows(axis: 0, of: inputs)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let boxes = try context.required(0), scores = try context.required(1)
        let facts = try (0..<6).map { index -> ValueFact? in ValueFact(constant: Tensor(borrowing: try context.required(index))) }
        let specs = try infer(OperatorInputs(facts, outputCount: 4)).map { fact in
            guard let spec = fact.concrete else { throw OperatorError.invalidInput(index: 3, reason: "is not one number") }
            return spec
        }
        let each = facts[2]?.integers?.first ?? 0, classes = scores.shape[2], slots = specs[1].shape[1]
        guard each > 0 else { throw OperatorError.invalidInput(index: 2, reason: "is \(each), expected at least 1") }
        let limits = (try context.required(4).values(Float.self).first ?? 0, try context.required(5).values(Float.self).first ?? 0)
        guard (0...1).contains(limits.0) else { throw OperatorError.invalidInput(index: 4, reason: "is \(limits.0), expected 0 to 1") }
        let count = boxes.shape[1], found = ByteCount.product(min(each, count), classes)
        let scratch = ByteCount.sum(ByteCount.product(boxes.elementCount + scores.elementCount, 4), ByteCount.product(count + found, 64))
        return try context.withScratch(scratch) { () throws(OperatorError) in
            let results = try specs.map { spec throws(OperatorError) in
                try context.makeTensor(spec) { bytes in bytes.initializeMemory(as: UInt8.self, repeating: 0) }
            }
            let search = ClassSearch(
                boxes: boxes.values(Float.self), scores: scores.values(Float.self), count: count, boxClasses: boxes.shape[2],
                classes: classes,
                each: each, overlapThreshold: limits.0, scoreThreshold: limits.1)
            for image in 0..<boxes.shape[0] {
                let best = try search.best(ofImage: image, context).prefix(slots)
                write(Array(best), image, slots, results)
            }
            return results.map(RuntimeValue.tensor)
        }
    }

    private func write(_ detections: [ClassSearch.Detection], _ image: Int, _ slots: Int, _ results: [Tensor]) {
        let floats = results.prefix(3).map { $0.storage.baseAddress.assumingMemoryBound(to: Float.self) }
        for (place, detection) in detections.enumerated() {
            let slot = image * slots + place
            for corner in 0..<4 {
                let value = detection.box[corner]
                floats[0][4 * slot + corner] = clips ? max(min(value, 1), 0) : value
            }
            floats[1][slot] = detection.score
            floats[2][slot] = Float(detection.classIndex)
        }
        results[3].storage.baseAddress.assumingMemoryBound(to: Int32.self)[image] = Int32(truncatingIfNeeded: detections.count)
        withExtendedLifetime(results) {}
    }
}

private struct ClassSearch {
    struct Detection {
        let score: Float
        let classIndex: Int
        let box: [Float]
    }

    let boxes: [Float]
    let scores: [Float]
    let count: Int
    let boxClasses: Int
    let classes: Int
    let each: Int
    let overlapThreshold: Float
    let scoreThreshold: Float

    /// All classes' detections by falling score; of equal ones the lower class first.
    func best(ofImage image: Int, _ context: EvaluationContext) throws(OperatorError) -> [Detection] {
        var found: [Detection] = []
        for classIndex in 0..<classes {
            try context.checkStop()
            let boxClass = boxClasses > 1 ? classIndex : 0
            let own = (0..<count).flatMap { box -> ArraySlice<Float> in
                let start = 4 * ((image * count + box) * boxClasses + boxClass)
                return boxes[start..<start + 4]
            }
            let queue = SuppressionQueue(
                scores: (0..<count).map { scores[(image * count + $0) * classes + classIndex] }, overlaps: .boxes(own),
                overlapThreshold: overlapThreshold, scoreThreshold: scoreThreshold, sigma: 0)
            for chosen in try queue.choose(each, context) {
                found.append(
                    Detection(score: chosen.score, classIndex: classIndex, box: Array(own[4 * chosen.index..<4 * chosen.index + 4])))
            }
        }
        let order = found.indices.sorted { found[$0].score > found[$1].score || (found[$0].score == found[$1].score && $0 < $1) }
        return order.map { found[$0] }
    }
}
