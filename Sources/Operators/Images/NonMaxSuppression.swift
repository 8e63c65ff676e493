import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The best boxes of those that overlap.
///
/// - Shapes: boxes [B, 4] (two opposite corners; or overlaps [B, B]), scores [B], most outputs (scalar), thresholds (scalars) →
///   int32 indices [K] by falling score (, scores [K]) (, how many are valid).
/// - Numerics: of equal scores the lower index comes first; with a sigma, overlapping boxes lose score instead of their place.
/// - Source: TensorFlow operators NonMaxSuppression, V2 to V5 and NonMaxSuppressionWithOverlaps.
struct NonMaxSuppression: DynamicOperator {
    enum Version: Int, Sendable { case first = 1, second, third, fourth, fifth, overlaps }

    let name: String
    let version: Version
    /// Of the first version; later ones have an input.
    let overlapThreshold: Float
    let pads: Bool

    init(_ reader: AttributeReader, _ version: Version) throws(OperatorError) {
        name = reader.node.operatorName
        self.version = version
        overlapThreshold = try reader.float("iou_threshold", default: 0.5)
        pads = try reader.flag("pad_to_max_output_size", default: false)
    }

    private var inputCount: Int {
        switch version {
        case .first: 3
        case .second: 4
        case .third, .fourth, .overlaps: 5
        case .fifth: 6
        }
    }

    var shapeOperands: Set<Int> { pads ? [2] : [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(inputCount...inputCount)
        let boxes = try inputs.required(0, of: [.float32, .float16]), scores = try inputs.required(1, of: [boxes.elementType])
        let count = scores.shape?.dimensions.first?.value
        try ImageInputs.check(inputs, 0, version == .overlaps ? [count, count] : [count, 4])
        try ImageInputs.check(inputs, 1, [boxes.shape?.dimensions.first?.value])
        _ = try inputs.required(2, of: [.int32])
        for index in 3..<max(inputCount, 3) { _ = try inputs.required(index, of: [.float32, .float16]) }
        let size = pads ? inputs[2]?.integers?.first.flatMap { $0 >= 0 ? Dimension.known($0) : nil } ?? .unknown : .unknown
        let indices = ValueFact(.int32, SymbolicShape([size])), valid = ValueFact(.int32, Shape.scalar)
        switch version {
        case .first, .second, .third, .overlaps: return [indices]
        case .fourth: return [indices, valid]
        case .fifth: return [indices, ValueFact(scores.elementType, SymbolicShape([size])), valid]
        }
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let scores = try context.required(1), count = scores.elementCount
        let boxCount = try context.required(0).elementCount
        guard boxCount == ByteCount.product(count, version == .overlaps ? count : 4) else {
            throw OperatorError.invalidInput(index: 0, reason: "has \(boxCount) numbers, which do not fit \(count) scores")
        }
        let most = try context.required(2).integers?.first ?? 0
        guard most >= 0 else { throw OperatorError.invalidInput(index: 2, reason: "is \(most), expected how many boxes to take at most") }
        let threshold = version == .first ? overlapThreshold : try number(context, 3)
        guard version == .overlaps || (0...1).contains(threshold) else {
            throw OperatorError.invalidValue("the overlap threshold is \(threshold), expected 0 to 1")
        }
        let least = version.rawValue >= 3 ? try number(context, 4) : -.greatestFiniteMagnitude
        let sigma = version == .fifth ? try number(context, 5) : 0
        guard sigma >= 0 else { throw OperatorError.invalidInput(index: 5, reason: "is \(sigma), expected at least 0") }
        // Boxes and scores as numbers, and for each box a candidate and a choice.
        return try context.withScratch(ByteCount.product(count, 96)) { () throws(OperatorError) in
            let boxes = try context.required(0)
            let selection = SuppressionQueue(
                scores: Self.floats(scores),
                overlaps: version == .overlaps ? .matrix(Self.floats(boxes), count) : .boxes(Self.floats(boxes)),
                overlapThreshold: threshold, scoreThreshold: least, sigma: sigma)
            return try results(try selection.choose(most, context), most, scores.elementType, context)
        }
    }

    private func results(
        _ chosen: [(index: Int, score: Float)], _ most: Int, _ type: ElementType, _ context: EvaluationContext
    ) throws(OperatorError) -> [RuntimeValue] {
        let size = pads ? most : chosen.count
        let indices = try context.makeTensor(TensorSpec(.int32, [size])) { bytes in
            let output = bytes.bindMemory(to: Int32.self)
            for place in 0..<size { output[place] = place < chosen.count ? Int32(truncatingIfNeeded: chosen[place].index) : 0 }
        }
        let valid = RuntimeValue.tensor(Tensor(scalar: Int32(truncatingIfNeeded: chosen.count)))
        switch version {
        case .first, .second, .third, .overlaps: return [.tensor(indices)]
        case .fourth: return [.tensor(indices), valid]
        case .fifth:
            let scores = try context.makeTensor(TensorSpec(type, [size])) { bytes in
                for place in 0..<size {
                    let score = place < chosen.count ? chosen[place].score : 0
                    if type == .float16 {
                        bytes.storeBytes(of: HalfPrecision.binary16(from: score), toByteOffset: 2 * place, as: UInt16.self)
                    } else {
                        bytes.storeBytes(of: score, toByteOffset: 4 * place, as: Float.self)
                    }
                }
            }
            return [.tensor(indices), .tensor(scores), valid]
        }
    }

    private func number(_ context: EvaluationContext, _ index: Int) throws(OperatorError) -> Float {
        guard let value = Self.floats(try context.required(index)).first else { throw .invalidInput(index: index, reason: "is empty") }
        return value
    }

    static func floats(_ view: TensorView) -> [Float] {
        view.elementType == .float16
            ? (0..<view.elementCount).map {
                HalfPrecision.float(fromBinary16: view.baseAddress.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
            } : view.values(Float.self)
    }
}

/// Candidates by falling score, each compared with what was chosen before it.
struct SuppressionQueue {
    enum Overlaps {
        case boxes([Float])
        case matrix([Float], Int)

        func between(_ i: Int, _ j: Int) -> Float {
            switch self {
            case .matrix(let values, let count): values[i * count + j]
            case .boxes(let values): Self.intersectionOverUnion(values, 4 * i, 4 * j)
            }
        }

        static func intersectionOverUnion(_ boxes: [Float], _ i: Int, _ j: Int) -> Float {
            let top = min(boxes[i], boxes[i + 2]), bottom = max(boxes[i], boxes[i + 2])
            let left = min(boxes[i + 1], boxes[i + 3]), right = max(boxes[i + 1], boxes[i + 3])
            let otherTop = min(boxes[j], boxes[j + 2]), otherBottom = max(boxes[j], boxes[j + 2])
            let otherLeft = min(boxes[j + 1], boxes[j + 3]), otherRight = max(boxes[j + 1], boxes[j + 3])
            let area = (bottom - top) * (right - left), otherArea = (otherBottom - otherTop) * (otherRight - otherLeft)
            if area <= 0 || otherArea <= 0 { return 0 }
            let height = max(min(bottom, otherBottom) - max(top, otherTop), 0)
            let width = max(min(right, otherRight) - max(left, otherLeft), 0)
            return height * width / (area + otherArea - height * width)
        }
    }

    private struct Candidate {
        let index: Int
        var score: Float
        /// Chosen boxes before this one have been compared.
        var compared = 0

        func isBehind(_ other: Candidate) -> Bool { score < other.score || (score == other.score && index > other.index) }
    }

    let scores: [Float]
    let overlaps: Overlaps
    let overlapThreshold: Float
    let scoreThreshold: Float
    let sigma: Float

    func choose(_ most: Int, _ context: EvaluationContext) throws(OperatorError) -> [(index: Int, score: Float)] {
        // Sorted worst first; what loses score goes back to its new place.
        var waiting = scores.indices.filter { scores[$0] > scoreThreshold }.map { Candidate(index: $0, score: scores[$0]) }
        waiting.sort { $0.isBehind($1) }
        var chosen: [(index: Int, score: Float)] = []
        while chosen.count < most, var next = waiting.popLast() {
            if chosen.count % 64 == 0 { try context.checkStop() }
            let before = next.score
            guard survives(&next, chosen) else { continue }
            next.compared = chosen.count
            if next.score == before {
                chosen.append((next.index, next.score))
            } else if next.score > scoreThreshold {
                var low = 0, high = waiting.count
                while low < high {
                    let middle = (low + high) / 2
                    if waiting[middle].isBehind(next) { low = middle + 1 } else { high = middle }
                }
                waiting.insert(next, at: low)
            }
        }
        return chosen
    }

    /// Lowers the candidate's score by what overlaps it; false when it is out at once.
    private func survives(_ candidate: inout Candidate, _ chosen: [(index: Int, score: Float)]) -> Bool {
        let isSoft = sigma > 0, scale = isSoft ? -0.5 / sigma : 0
        for place in stride(from: chosen.count - 1, through: candidate.compared, by: -1) {
            let overlap = overlaps.between(candidate.index, chosen[place].index)
            if !isSoft, overlap > overlapThreshold { return false }
            if isSoft { candidate.score *= expf(scale * overlap * overlap) }
            if candidate.score <= scoreThreshold { break }
        }
        return true
    }
}
