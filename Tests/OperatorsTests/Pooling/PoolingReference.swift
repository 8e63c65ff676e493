/// Windows over planes, straight from their definition.
struct PoolingReference {
    var kernel: [Int]
    var stride: [Int]
    var dilation: [Int]
    var padStart: [Int]
    var padEnd: [Int]

    /// For each output in order: the offsets, in x, of the window's elements, and how many elements lie in x or its padding.
    func windows(_ xShape: [Int], output: [Int]) -> [(offsets: [Int], padded: Int)] {
        let input = Array(xShape.dropFirst(2))
        return (0..<xShape[0] * xShape[1]).flatMap { plane in
            positions(output).map { position in
                var offsets: [Int] = [], padded = 0
                for tap in positions(kernel) {
                    let at = position.indices.map { position[$0] * stride[$0] + tap[$0] * dilation[$0] - padStart[$0] }
                    if zip(at, zip(input, padEnd)).allSatisfy({ $0 < $1.0 + $1.1 }) { padded += 1 }
                    guard zip(at, input).allSatisfy({ $0 >= 0 && $0 < $1 }) else { continue }
                    offsets.append(zip(at, input).reduce(plane) { $0 * $1.1 + $1.0 })
                }
                return (offsets, padded)
            }
        }
    }

    private func positions(_ extents: [Int]) -> [[Int]] {
        extents.reduce([[]]) { partial, extent in partial.flatMap { head in (0..<extent).map { head + [$0] } } }
    }
}
