/// Adds up the weights of the leaves that rows reach: for a block of rows, in binary64, in scratch memory.
struct ForestSums<Number: ForestNumber>: Sendable {
    private let leaves: ForestLeaves<Number>
    private let aggregate: ForestAggregate
    private let outputCount: Int
    /// The distance of the sums of neighbouring rows.
    private let width: Int
    private let addLeaves: Number.AddLeaves
    private let addLeaf: Number.AddLeaf

    init(_ leaves: ForestLeaves<Number>, _ aggregate: ForestAggregate, outputCount: Int, _ kernels: KernelFunctions) {
        (self.leaves, self.aggregate, self.outputCount) = (leaves, aggregate, outputCount)
        width = ForestLeaves<Number>.width(outputCount)
        let functions = Number.functions(kernels.forest)
        (addLeaves, addLeaf) = (functions.addLeaves, functions.addLeaf)
    }

    /// Sums, and for a minimum or maximum whether a leaf has touched them.
    var rowByteCount: Int {
        ByteCount.sum(ByteCount.of(Double.self, width), aggregate.isSum ? 0 : outputCount)
    }

    func row(_ row: Int, _ memory: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Double> {
        memory.assumingMemoryBound(to: Double.self) + row * width
    }

    private func touched(_ memory: UnsafeMutableRawPointer, rows: Int) -> UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(row(rows, memory)).assumingMemoryBound(to: UInt8.self)
    }

    func clear(_ memory: UnsafeMutableRawPointer, rows: Int) {
        row(0, memory).update(repeating: 0, count: rows * width)
        if !aggregate.isSum { touched(memory, rows: rows).update(repeating: 0, count: rows * outputCount) }
    }

    /// - Parameter found: the leaves [trees, rows].
    func add(_ found: UnsafePointer<UInt32>, trees: Int, rows: Int, to memory: UnsafeMutableRawPointer) {
        let sums = row(0, memory)
        switch leaves {
        case .dense(let weights):
            weights.withUnsafeBufferPointer { weights in
                guard let weights = weights.baseAddress else { return }
                addLeaves(sums, weights, found, trees, rows, width)
            }
        case .single(let weights, let targets):
            weights.withUnsafeBufferPointer { weights in
                targets.withUnsafeBufferPointer { targets in
                    guard let weights = weights.baseAddress, let targets = targets.baseAddress else { return }
                    addLeaf(sums, weights, targets, found, trees, rows, width)
                }
            }
        case .lists(let lists):
            for tree in 0..<trees {
                for row in 0..<rows { join(lists, leaf: Int(found[tree * rows + row]), row: row, of: rows, memory) }
            }
        }
    }

    private func join(
        _ lists: ForestLeaves<Number>.Lists, leaf: Int, row: Int, of rows: Int, _ memory: UnsafeMutableRawPointer
    ) {
        let sums = self.row(row, memory), touched = touched(memory, rows: rows) + row * outputCount
        for entry in lists.starts[leaf]..<lists.starts[leaf + 1] {
            let output = Int(lists.targets[entry]), weight = Double(lists.weights[entry])
            guard !aggregate.isSum else {
                sums[output] += weight
                continue
            }
            let isFirst = touched[output] == 0, isLess = weight < sums[output], isMore = weight > sums[output]
            if isFirst || (aggregate == .min ? isLess : isMore) { sums[output] = weight }
            touched[output] = 1
        }
    }
}
