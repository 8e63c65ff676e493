import GraphIR
import Tensors

/// Buckets that strings fall into by their hash.
///
/// - Shapes: string [A…] → int64 [A…], each from 0 to below `num_buckets`.
/// - Source: TensorFlow operators StringToHashBucketFast (Fingerprint64), StringToHashBucketStrong (SipHash under `key`) and
///   StringToHashBucket (TensorFlow's Hash64).
enum HashBuckets {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("StringToHashBucketFast") { reader throws(OperatorError) in
            let count = try bucketCount(reader)
            return TextMeasure<Int64>("StringToHashBucketFast") { Int64(FarmHash.fingerprint($0) % count) }
        },
        .tensorFlow("StringToHashBucketStrong") { reader throws(OperatorError) in
            let count = try bucketCount(reader)
            guard let key = try reader.integers("key"), key.count == 2 else {
                throw .invalidAttribute(name: "key", reason: "must be two integers")
            }
            let hash = KeyedHash(key: (UInt64(bitPattern: Int64(key[0])), UInt64(bitPattern: Int64(key[1]))))
            return TextMeasure<Int64>("StringToHashBucketStrong") { Int64(hash($0) % count) }
        },
        .tensorFlow("StringToHashBucket") { reader throws(OperatorError) in
            let count = try bucketCount(reader)
            return TextMeasure<Int64>("StringToHashBucket") { Int64(LegacyHash.hash($0) % count) }
        },
        .tensorFlow("Fingerprint") { _ throws(OperatorError) in Fingerprint() },
    ]

    private static func bucketCount(_ reader: AttributeReader) throws(OperatorError) -> UInt64 {
        guard let count = try reader.integer("num_buckets"), count >= 1 else {
            throw .invalidAttribute(name: "num_buckets", reason: "must be 1 or more")
        }
        return UInt64(count)
    }
}

/// The FarmHash fingerprints of rows.
///
/// - Shapes: data [rows, A…] of any type, method (a string) → uint8 [rows, 8], the fingerprint's lowest byte first. The bytes of
///   a row of numbers are hashed as they lie; of a row of several strings, the fingerprints of the strings.
/// - Source: TensorFlow operator Fingerprint.
struct Fingerprint: DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        _ = try inputs.text(1)
        let data = try inputs.tensor(0)
        guard let shape = data.shape else { return [ValueFact(.uint8, SymbolicShape([.unknown, .known(8)]))] }
        guard shape.rank >= 1 else { throw .invalidInput(index: 0, reason: "is a scalar, expected at least one dimension") }
        return [ValueFact(.uint8, SymbolicShape([shape[0], .known(8)]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        inputs.onlyAxis() == 0 ? .rows(axis: 0, of: inputs) : .mixed(RowReason.joined)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let method = try context.text(1)
        guard method.elementsEqual("farmhash64".utf8) else {
            throw OperatorError.unsupported("the fingerprint \"\(OperatorError.shown(method))\"")
        }
        let data = try context.elements(0), shape = data.shape
        guard shape.rank >= 1 else {
            throw OperatorError.invalidInput(index: 0, reason: "is a scalar, expected at least one dimension")
        }
        let rowCount = shape[0], length = shape.elementCount(in: 1..<shape.rank)
        let result = try context.makeTensor(TensorSpec(.uint8, [rowCount, 8])) { bytes in
            for row in 0..<rowCount {
                let hash: UInt64
                switch data {
                case .strings(let texts): hash = Self.hash(texts.elements, row * length, length)
                case .dense(let view):
                    let width = length * view.elementType.byteCount
                    hash = FarmHash.fingerprint(UnsafeRawBufferPointer(start: view.baseAddress + row * width, count: width))
                }
                bytes.storeBytes(of: hash.littleEndian, toByteOffset: row * 8, as: UInt64.self)
            }
        }
        return [.tensor(result)]
    }

    private static func hash(_ texts: [[UInt8]], _ first: Int, _ count: Int) -> UInt64 {
        if count == 1 { return FarmHash.fingerprint(texts[first]) }
        let words = (first..<first + count).map { FarmHash.fingerprint(texts[$0]).littleEndian }
        return words.withUnsafeBytes { FarmHash.fingerprint($0) }
    }
}
