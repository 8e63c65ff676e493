/// Upper limits of a histogram's buckets, ascending; one more bucket holds what is above the last.
package struct HistogramBuckets: Sendable, Equatable {
    package let limits: [Double]

    package init(limits: [Double]) {
        self.limits = limits
    }

    /// `count` limits: scale, scale·growth, scale·growth², …
    package static func exponential(scale: Double, growth: Double, count: Int) -> HistogramBuckets {
        var limits: [Double] = []
        var limit = scale
        for _ in 0..<count {
            limits.append(limit)
            limit *= growth
        }
        return HistogramBuckets(limits: limits)
    }

    /// Position of the first bucket whose limit is not below `value`; not-a-number counts into the last bucket.
    func index(for value: Double) -> Int {
        var low = 0
        var high = limits.count
        while low < high {
            let middle = (low + high) / 2
            if value <= limits[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
