import Glibc

/// Durations of any number in memory of constant size: counts in buckets of 1/2048 of their value, from nanoseconds to hours.
package struct LatencyHistogram: Sendable {
    /// Values below are exact; each power of two above has as many buckets.
    private static let subBucketCount = 2_048
    private static let subBucketBits = 11
    /// About 4.9 hours; longer ones are counted as that.
    private static let maximumBits = 44

    private var counts = [UInt64](repeating: 0, count: (maximumBits - subBucketBits + 1) * subBucketCount)
    package private(set) var count = 0
    /// In nanoseconds, exactly.
    package private(set) var minimum = Int64.max
    package private(set) var maximum = Int64(0)
    private var sum = 0.0
    private var squares = 0.0

    package init() {}

    package mutating func add(nanoseconds: Int64) {
        let value = max(0, nanoseconds)
        counts[Self.index(of: value)] += 1
        count += 1
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        sum += Double(value)
        squares += Double(value) * Double(value)
    }

    package mutating func add(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        add(nanoseconds: min(seconds, 1 << 33) * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    package mutating func merge(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        sum += other.sum
        squares += other.squares
    }

    /// Nanoseconds; 0 of none.
    package var mean: Double { count == 0 ? 0 : sum / Double(count) }

    /// Of the values seen, in nanoseconds; 0 of fewer than two.
    package var standardDeviation: Double {
        guard count > 1 else { return 0 }
        return max(0, (squares - sum * sum / Double(count)) / Double(count - 1)).squareRoot()
    }

    /// Nanoseconds that `fraction` of all do not exceed (nearest rank), within 1/2048; 0 of none.
    package func quantile(_ fraction: Double) -> Double {
        guard count > 0 else { return 0 }
        let rank = max(1, Int((Double(count) * fraction).rounded(.up)))
        var seen = 0
        for index in counts.indices where counts[index] > 0 {
            seen += Int(counts[index])
            guard seen >= rank else { continue }
            return min(max(Self.middle(of: index), Double(minimum)), Double(maximum))
        }
        return Double(maximum)
    }

    /// How many values are in each of `barCount` bars of equal ratio between the least and the 99.9th percentile; what is above is in
    /// the last.
    package func bars(_ barCount: Int) -> [(upTo: Double, count: Int)] {
        guard count > 0, barCount > 0 else { return [] }
        let low = max(1, Double(minimum)), high = max(quantile(0.999), low * 1.000_1)
        var bars = (1...barCount).map { bar -> (upTo: Double, count: Int) in
            (low * Self.power(high / low, Double(bar) / Double(barCount)), 0)
        }
        for index in counts.indices where counts[index] > 0 {
            let value = Self.middle(of: index)
            let bar = bars.firstIndex { value <= $0.upTo } ?? barCount - 1
            bars[bar].count += Int(counts[index])
        }
        return bars
    }

    private static func power(_ base: Double, _ exponent: Double) -> Double { Glibc.pow(base, exponent) }

    private static func index(of value: Int64) -> Int {
        guard value >= Int64(subBucketCount) else { return Int(value) }
        let clamped = min(value, 1 << maximumBits - 1)
        let bits = Int64.bitWidth - clamped.leadingZeroBitCount
        let shift = bits - subBucketBits - 1
        // The value shifted lies between one and two times the number of buckets of a power of two.
        return (shift + 1) * subBucketCount + (Int(clamped >> Int64(shift)) - subBucketCount)
    }

    private static func middle(of index: Int) -> Double {
        guard index >= subBucketCount else { return Double(index) }
        let shift = index / subBucketCount - 1
        let low = (index % subBucketCount + subBucketCount) << shift
        return Double(low) + Double((1 << shift) - 1) / 2
    }
}
