import Tensors

/// Broadcasting by the book: for each index of the result, the element of each operand, axis by axis.
enum BroadcastReference {
    static func apply(
        _ operands: [(values: [Double], shape: Shape)], to result: Shape, _ f: ([Double]) -> Double
    ) -> [Double] {
        (0..<result.elementCount).map { position in
            let index = multiIndex(position, result)
            return f(operands.map { $0.values[offset(of: index, in: $0.shape)] })
        }
    }

    private static func multiIndex(_ position: Int, _ shape: Shape) -> [Int] {
        var rest = position
        var index: [Int] = []
        for extent in shape.extents.reversed() {
            index.insert(rest % extent, at: 0)
            rest /= extent
        }
        return index
    }

    private static func offset(of index: [Int], in shape: Shape) -> Int {
        let own = index.suffix(shape.rank)
        return zip(own, shape.extents).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }
    }
}
