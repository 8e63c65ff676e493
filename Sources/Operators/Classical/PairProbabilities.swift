#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Probabilities of classes from those of every pair of them, as libsvm couples them.
struct PairProbabilities {
    let count: Int

    /// - Parameters:
    ///   - scratch: room for a number of each class and two tables of pairs.
    ///   - result: one number for each class.
    func write(
        pairs: UnsafePointer<Float>, slopes: [Float], shifts: [Float], scratch: UnsafeMutablePointer<Float>,
        into result: UnsafeMutablePointer<Float>
    ) {
        let products = scratch, odds = scratch + count, table = odds + count * count
        var pair = 0
        for first in 0..<count {
            for second in first + 1..<count {
                let exponent = pairs[pair] * slopes[pair] + shifts[pair]
                let odd = min(max(1 / (1 + exp(exponent)), 1e-7), 1 - 1e-7)
                (odds[first * count + second], odds[second * count + first]) = (odd, 1 - odd)
                pair += 1
            }
        }
        fill(table, odds)
        for index in 0..<count { result[index] = 1 / Float(count) }
        for _ in 0..<max(100, count) {
            let total = multiply(table, result, products)
            var error: Float = 0
            for index in 0..<count { error = max(error, abs(products[index] - total)) }
            if error < 0.005 / Float(count) { break }
            improve(table, result, products, total)
        }
    }

    private func fill(_ table: UnsafeMutablePointer<Float>, _ odds: UnsafePointer<Float>) {
        for row in 0..<count {
            var sum: Float = 0
            for other in 0..<count where other != row {
                let opposite = odds[other * count + row]
                sum += opposite * opposite
                table[row * count + other] = -opposite * odds[row * count + other]
            }
            table[row * count + row] = sum
        }
    }

    /// The table times the probabilities; returns the product of both.
    private func multiply(
        _ table: UnsafePointer<Float>, _ result: UnsafePointer<Float>, _ products: UnsafeMutablePointer<Float>
    ) -> Float {
        var total: Float = 0
        for row in 0..<count {
            var sum: Float = 0
            for column in 0..<count { sum += table[row * count + column] * result[column] }
            products[row] = sum
            total += sum * result[row]
        }
        return total
    }

    private func improve(
        _ table: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ products: UnsafeMutablePointer<Float>,
        _ total: Float
    ) {
        var total = total
        for row in 0..<count {
            let own = table[row * count + row], step = (total - products[row]) / own, size = 1 + step
            result[row] += step
            total = (total + step * (step * own + 2 * products[row])) / size / size
            for column in 0..<count {
                products[column] = (products[column] + step * table[row * count + column]) / size
                result[column] /= size
            }
        }
    }
}
