/// Convolutions in double precision over any number of axes, straight from their definition.
struct ConvolutionReference {
    var kernel: [Int]
    var stride: [Int]
    var dilation: [Int]
    var padStart: [Int]
    var groups = 1

    /// x [N, C, …], weights [M, C / groups, …] → [N, M, output…]
    func convolve(_ x: [Double], _ xShape: [Int], _ weights: [Double], channels: Int, output: [Int]) -> [Double] {
        let input = Array(xShape.dropFirst(2)), each = xShape[1] / groups
        var result: [Double] = []
        for n in 0..<xShape[0] {
            for m in 0..<channels {
                for position in positions(output) {
                    var sum = 0.0
                    for c in 0..<each {
                        for tap in positions(kernel) {
                            let at = place(position, tap)
                            guard zip(at, input).allSatisfy({ $0 >= 0 && $0 < $1 }) else { continue }
                            let channel = m / (channels / groups) * each + c
                            sum += x[offset(n * xShape[1] + channel, at, input)] * weights[offset(m * each + c, tap, kernel)]
                        }
                    }
                    result.append(sum)
                }
            }
        }
        return result
    }

    /// x [N, C, …], weights [C, M / groups, …] → [N, M, output…]: every input element is spread over the output.
    func transpose(_ x: [Double], _ xShape: [Int], _ weights: [Double], channels: Int, output: [Int]) -> [Double] {
        let input = Array(xShape.dropFirst(2)), each = channels / groups
        var result = [Double](repeating: 0, count: xShape[0] * channels * output.reduce(1, *))
        for n in 0..<xShape[0] {
            for c in 0..<xShape[1] {
                let group = c / (xShape[1] / groups)
                for m in 0..<each {
                    for position in positions(input) {
                        for tap in positions(kernel) {
                            let at = place(position, tap)
                            guard zip(at, output).allSatisfy({ $0 >= 0 && $0 < $1 }) else { continue }
                            result[offset(n * channels + group * each + m, at, output)] +=
                                x[offset(n * xShape[1] + c, position, input)] * weights[offset(c * each + m, tap, kernel)]
                        }
                    }
                }
            }
        }
        return result
    }

    private func place(_ position: [Int], _ tap: [Int]) -> [Int] {
        position.indices.map { position[$0] * stride[$0] + tap[$0] * dilation[$0] - padStart[$0] }
    }

    private func offset(_ plane: Int, _ at: [Int], _ extents: [Int]) -> Int {
        zip(at, extents).reduce(plane) { $0 * $1.1 + $1.0 }
    }

    private func positions(_ extents: [Int]) -> [[Int]] {
        extents.reduce([[]]) { partial, extent in partial.flatMap { head in (0..<extent).map { head + [$0] } } }
    }
}
