import GraphIR
import Tensors

/// Features of several columns crossed, as a sparse tensor.
///
/// - Shapes: n sparse columns (all indices, then all values, then all shapes), dense columns [rows, features] → a sparse tensor
///   [rows, most crosses of a row] of strings or int64.
/// - Source: TensorFlow operators SparseCross, SparseCrossV2 and SparseCrossHashed.
struct SparseCross: DynamicOperator {
    enum Rule: Sendable {
        /// SparseCross.
        case fixed(isHashed: Bool, seed: UInt64, bucketCount: UInt64)
        /// SparseCrossV2: the separator is the last input.
        case separated
        /// SparseCrossHashed: the number of buckets, whether the hash is strong, and the salt are the last inputs.
        case salted
    }

    let name: String
    let rule: Rule
    let sparseCount: Int

    var acceptsObjects: Bool { true }

    private var parameterCount: Int {
        switch rule {
        case .fixed: 0
        case .separated: 1
        case .salted: 3
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard inputs.count >= 3 * sparseCount + parameterCount else {
            throw .wrongInputCount(found: inputs.count, expected: 3 * sparseCount + parameterCount...Int.max)
        }
        let isText =
            switch rule {
            case .fixed(let isHashed, _, _): !isHashed
            case .separated: true
            case .salted: false
            }
        return OperatorInputs.sparse(isText ? .string : .int64, rank: 2)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        var columns: [FeatureColumn] = []
        for number in 0..<sparseCount {
            let tensor = try SparseTensor(context, number, layout: (sparseCount + number, 2 * sparseCount + number))
            try context.withScratch(ByteCount.product(tensor.extents.first ?? 0, 16)) { () throws(OperatorError) in }
            columns.append(try FeatureColumn(sparse: tensor, input: number))
        }
        let last = context.inputs.count - parameterCount
        for input in 3 * sparseCount..<last {
            columns.append(try FeatureColumn(dense: try context.elements(input), input: input))
        }
        let cross = FeatureCross(columns: columns, output: try output(context, last), context: context)
        let (values, splits) = try cross.crosses()
        let rowCount = splits.count - 1
        let longest = (0..<rowCount).reduce(0) { max($0, splits[$1 + 1] - splits[$1]) }
        let indices = try context.makeTensor(TensorSpec(.int64, [splits[rowCount], 2])) { bytes in
            let table = bytes.bindMemory(to: Int64.self)
            for row in 0..<rowCount {
                for place in splits[row]..<splits[row + 1] {
                    table[2 * place] = Int64(row)
                    table[2 * place + 1] = Int64(place - splits[row])
                }
            }
        }
        return [.tensor(indices), values, try context.integers([rowCount, longest])]
    }

    private func output(_ context: EvaluationContext, _ first: Int) throws(OperatorError) -> FeatureCross.Output {
        switch rule {
        case .fixed(true, let seed, let bucketCount): return .hashed(seed: seed, bucketCount: bucketCount)
        case .fixed: return .joined(separator: Array("_X_".utf8))
        case .separated: return .joined(separator: try context.text(first))
        case .salted:
            let bucketCount = try context.integer(first), isStrong = try context.integer(first + 1) != 0
            let salt = try context.integers(first + 2)
            guard salt.count == 2, bucketCount >= 0 else {
                throw .invalidInput(index: first + 2, reason: "holds \(salt.count) integers, expected 2")
            }
            // TensorFlow's own ends the process.
            guard !isStrong else { throw .unsupported("a strong hash of crossed features") }
            return .salted(bucketCount: UInt64(bucketCount))
        }
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("SparseCross") { reader throws(OperatorError) in
            let seed = UInt64(bitPattern: Int64(try reader.integer("hash_key", default: 0)))
            let bucketCount = UInt64(max(0, try reader.integer("num_buckets", default: 0)))
            let isHashed = try reader.flag("hashed_output", default: false)
            return SparseCross(
                name: "SparseCross", rule: .fixed(isHashed: isHashed, seed: seed, bucketCount: bucketCount),
                sparseCount: try reader.argumentCount("N"))
        },
        .tensorFlow("SparseCrossV2") { reader throws(OperatorError) in
            SparseCross(name: "SparseCrossV2", rule: .separated, sparseCount: try reader.argumentCount("N"))
        },
        .tensorFlow("SparseCrossHashed") { reader throws(OperatorError) in
            SparseCross(name: "SparseCrossHashed", rule: .salted, sparseCount: try reader.argumentCount("N"))
        },
    ]
}

/// Features of several columns crossed, as a ragged tensor.
///
/// - Shapes: ragged values, then their row splits; sparse indices, values, shapes; dense columns [rows, features] → values, row
///   splits. `input_order` says of each column, in order, which kind it is (R, S or D).
/// - Source: TensorFlow operator RaggedCross.
struct RaggedCross: DynamicOperator {
    private let order: String
    private let raggedCount: Int
    private let sparseCount: Int
    private let isHashed: Bool
    private let seed: UInt64
    private let bucketCount: UInt64
    private let splitsType: ElementType

    init(_ reader: AttributeReader) throws(OperatorError) {
        order = try reader.string("input_order", default: "")
        raggedCount = try reader.types("ragged_values_types")?.count ?? 0
        sparseCount = try reader.types("sparse_values_types")?.count ?? 0
        isHashed = try reader.elementType("out_values_type", default: .string, of: [.string, .int64]) == .int64
        seed = UInt64(bitPattern: Int64(try reader.integer("hash_key", default: 0)))
        bucketCount = UInt64(max(0, try reader.integer("num_buckets", default: 0)))
        splitsType = try reader.elementType("out_row_splits_type", default: .int64, of: [.int32, .int64])
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard inputs.count == order.count + raggedCount + 2 * sparseCount else {
            throw .invalidAttribute(name: "input_order", reason: "does not have a letter for each column")
        }
        return [.list(isHashed ? .int64 : .string), .list(splitsType)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        var columns: [FeatureColumn] = []
        var ragged = 0, sparse = 0, dense = 2 * raggedCount + 3 * sparseCount
        for kind in order {
            switch kind {
            case "R":
                columns.append(
                    try FeatureColumn(
                        ragged: try context.elements(ragged), splits: try context.integers(raggedCount + ragged), input: ragged))
                ragged += 1
            case "S":
                let first = 2 * raggedCount + sparse
                let tensor = try SparseTensor(context, first, layout: (first + sparseCount, first + 2 * sparseCount))
                try context.withScratch(ByteCount.product(tensor.extents.first ?? 0, 16)) { () throws(OperatorError) in }
                columns.append(try FeatureColumn(sparse: tensor, input: first))
                sparse += 1
            case "D":
                columns.append(try FeatureColumn(dense: try context.elements(dense), input: dense))
                dense += 1
            default: throw OperatorError.invalidAttribute(name: "input_order", reason: "is \"\(order)\", expected letters R, S and D")
            }
        }
        let output: FeatureCross.Output =
            isHashed ? .hashed(seed: seed, bucketCount: bucketCount) : .joined(separator: Array("_X_".utf8))
        let (values, splits) = try FeatureCross(columns: columns, output: output, context: context).crosses()
        return [values, try context.integers(splits, splitsType)]
    }
}
