import GraphIR
import Tensors

/// Columns of features, row by row, as crossing reads them: dense, sparse or ragged; int64 or strings.
struct FeatureColumn {
    private let values: ElementList
    /// Where each row begins in the values, and the end of the last one.
    let splits: [Int]
    private let isSparse: Bool

    var rowCount: Int { splits.count - 1 }
    func count(_ row: Int) -> Int { splits[row + 1] - splits[row] }

    init(dense values: ElementList, input: Int) throws(OperatorError) {
        guard values.shape.rank == 2 else {
            throw .invalidInput(index: input, reason: "Dense inputs should be a matrix but received shape \(values.shape)")
        }
        self.values = values
        splits = (0...values.shape[0]).map { $0 * values.shape[1] }
        isSparse = false
        try check(input)
    }

    init(ragged values: ElementList, splits: [Int], input: Int) throws(OperatorError) {
        try RowSplits.check(splits, valueCount: values.count, input: input)
        self.values = values
        self.splits = splits
        isSparse = true
        try check(input)
    }

    init(sparse tensor: SparseTensor, input: Int) throws(OperatorError) {
        guard tensor.rank == 2 else {
            throw .invalidInput(index: input, reason: "Expected D2 of index to be 2 got \(tensor.rank)")
        }
        values = tensor.values
        var splits = [0], place = 0
        for row in 0..<tensor.extents[0] {
            while place < tensor.count, tensor.table[place, 0] <= row { place += 1 }
            splits.append(place)
        }
        self.splits = splits
        isSparse = true
        try check(input)
    }

    private func check(_ input: Int) throws(OperatorError) {
        guard values.elementType == .string || values.elementType == .int64 else {
            throw .invalidInput(index: input, reason: "has elements of type \(values.elementType), expected int64 or strings")
        }
    }

    func text(_ row: Int, _ number: Int) -> [UInt8] {
        switch values {
        case .strings(let texts): texts.elements[splits[row] + number]
        case .dense(let view): Array(String(view.keyNumber(splits[row] + number)).utf8)
        }
    }

    /// The feature as crossing takes it: the hash of a text, an integer itself.
    func word(_ row: Int, _ number: Int) -> UInt64 {
        switch values {
        case .strings(let texts): FarmHash.fingerprint(texts.elements[splits[row] + number])
        case .dense(let view): UInt64(bitPattern: view.keyNumber(splits[row] + number))
        }
    }

    /// The feature as SparseCrossHashed takes it. Of an integer that is hashed only the lower half counts.
    func saltedWord(_ row: Int, _ number: Int) -> UInt64 {
        guard isSparse, case .dense(let view) = values else { return word(row, number) }
        let value = view.keyNumber(splits[row] + number)
        return withUnsafeBytes(of: Int32(truncatingIfNeeded: value).littleEndian) { FarmHash.fingerprint($0) }
    }
}

/// All combinations of one feature of each column, row by row.
struct FeatureCross {
    enum Output {
        case joined(separator: [UInt8])
        /// Fingerprints one onto the other, beginning with `seed`, modulo `bucketCount` unless that is 0.
        case hashed(seed: UInt64, bucketCount: UInt64)
        case salted(bucketCount: UInt64)
    }

    let columns: [FeatureColumn]
    let output: Output
    let context: EvaluationContext

    /// The crosses of all rows, and where each row begins among them.
    func crosses() throws(OperatorError) -> (values: RuntimeValue, splits: [Int]) {
        let rowCount = columns.first?.rowCount ?? 0
        guard columns.allSatisfy({ $0.rowCount == rowCount }) else {
            throw .invalidValue("inputs must all have the same batch dimension size")
        }
        var splits = [0]
        for row in 0..<rowCount {
            let count = columns.isEmpty ? 0 : columns.reduce(1) { ByteCount.product($0, $1.count(row)) }
            splits.append(ByteCount.sum(splits[row], count))
        }
        let total = splits[rowCount]
        guard total < Shape.maximumElementCount else { throw .invalidValue("crosses to \(total) features") }
        if case .joined(let separator) = output {
            let builder = try TextBuilder(context, capacity: total)
            try forEach(rowCount) { row, choice throws(OperatorError) in
                var text: [UInt8] = []
                for (number, column) in columns.enumerated() {
                    if number > 0 { text += separator }
                    text += column.text(row, choice[number])
                }
                try builder.append(text)
            }
            return (try builder.list(), splits)
        }
        let result = try context.makeTensor(TensorSpec(.int64, [total])) { _ in }
        let target = result.storage.baseAddress.assumingMemoryBound(to: Int64.self)
        var place = 0
        try forEach(rowCount) { row, choice throws(OperatorError) in
            target[place] = hash(row, choice)
            place += 1
        }
        return (.tensor(result), splits)
    }

    private func hash(_ row: Int, _ choice: [Int]) -> Int64 {
        var hash: UInt64 = 0, buckets: UInt64 = 0
        switch output {
        case .joined: break
        case .hashed(let seed, let bucketCount):
            hash = seed
            buckets = bucketCount
            for (number, column) in columns.enumerated() { hash = FarmHash.joined(hash, column.word(row, choice[number])) }
        case .salted(let bucketCount):
            buckets = bucketCount
            for (number, column) in columns.enumerated() {
                let word = column.saltedWord(row, choice[number])
                hash = number == 0 ? word : FarmHash.joined(hash, word)
            }
        }
        return Int64(hash % (buckets > 0 ? buckets : UInt64(Int64.max)))
    }

    /// Calls `body` for each combination, that of the last column changing fastest.
    private func forEach(_ rowCount: Int, _ body: (Int, [Int]) throws(OperatorError) -> Void) throws(OperatorError) {
        for row in 0..<rowCount where !columns.isEmpty && columns.allSatisfy({ $0.count(row) > 0 }) {
            try context.checkStop()
            var choice = [Int](repeating: 0, count: columns.count)
            var isDone = false
            while !isDone {
                try body(row, choice)
                isDone = true
                for number in choice.indices.reversed() {
                    choice[number] += 1
                    if choice[number] < columns[number].count(row) {
                        isDone = false
                        break
                    }
                    choice[number] = 0
                }
            }
        }
    }
}
