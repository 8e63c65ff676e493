import Tensors

/// Matrix products in double precision, straight from their definition.
enum ProductReference {
    /// c [m, n] = a [m, k] · b [k, n]
    static func product(_ a: [Double], _ b: [Double], m: Int, k: Int, n: Int) -> [Double] {
        var c = [Double](repeating: 0, count: m * n)
        for i in 0..<m {
            for j in 0..<n {
                for p in 0..<k { c[i * n + j] += a[i * k + p] * b[p * n + j] }
            }
        }
        return c
    }

    static func transpose(_ a: [Double], rows: Int, columns: Int) -> [Double] {
        (0..<columns).flatMap { j in (0..<rows).map { i in a[i * columns + j] } }
    }

    /// `numpy.matmul`: vectors are rows on the left and columns on the right, leading axes broadcast.
    static func matmul(_ a: [Double], _ aShape: [Int], _ b: [Double], _ bShape: [Int]) -> (values: [Double], shape: [Int]) {
        let left = aShape.count == 1 ? [1] + aShape : aShape, right = bShape.count == 1 ? bShape + [1] : bShape
        let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
        let leftBatch = Array(left.dropLast(2)), rightBatch = Array(right.dropLast(2))
        let rank = max(leftBatch.count, rightBatch.count)
        func extent(_ batch: [Int], _ axis: Int) -> Int { axis < rank - batch.count ? 1 : batch[axis - (rank - batch.count)] }
        let batch = (0..<rank).map { extent(leftBatch, $0) == 1 ? extent(rightBatch, $0) : extent(leftBatch, $0) }
        var values: [Double] = []
        for index in 0..<batch.reduce(1, *) {
            var rest = index, position = [Int](repeating: 0, count: rank)
            for axis in (0..<rank).reversed() {
                position[axis] = rest % batch[axis]
                rest /= batch[axis]
            }
            func matrix(_ batch: [Int]) -> Int {
                (0..<rank).reduce(0) { $0 * extent(batch, $1) + (extent(batch, $1) == 1 ? 0 : position[$1]) }
            }
            let l = matrix(leftBatch) * m * k, r = matrix(rightBatch) * k * n
            values += product(Array(a[l..<l + m * k]), Array(b[r..<r + k * n]), m: m, k: k, n: n)
        }
        return (values, batch + (aShape.count == 1 ? [] : [m]) + (bShape.count == 1 ? [] : [n]))
    }
}
