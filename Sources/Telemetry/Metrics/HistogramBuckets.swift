/// Upper limits of a histogram's buckets, ascending; one more bucket holds what is above the last.
package struct HistogramBuckets: Sendable, Equatable {
    /// As they are shown.
    package let limits: [Double]
    /// How many of the units that are counted make one of those that are shown: 1e9 for values in nanoseconds and limits in seconds.
    package let scale: Double
    let table: BucketTable

    /// - Precondition: there are at most 254 limits.
    package init(limits: [Double], scale: Double = 1) {
        self.limits = limits
        self.scale = scale
        // No whole number lies between a limit and the next one below it.
        table = BucketTable(limits.map { limit in Int64(exactly: (limit * scale).rounded(.down)) ?? .max })
    }

    /// `count` limits: scale, scale·growth, scale·growth², …
    ///
    /// - Parameter unit: how many of the units that are counted make one of those that are shown.
    package static func exponential(scale: Double, growth: Double, count: Int, unit: Double = 1) -> HistogramBuckets {
        var limits: [Double] = []
        var limit = scale
        for _ in 0..<count {
            limits.append(limit)
            limit *= growth
        }
        return HistogramBuckets(limits: limits, scale: unit)
    }

    package static func == (left: Self, right: Self) -> Bool { left.limits == right.limits && left.scale == right.scale }
}

/// Finds the bucket of a value in a few steps: by the width of its bits, then by comparing with the limits of that width.
@safe final class BucketTable: Sendable {
    let bucketCount: Int
    /// In the unit that is counted; behind the last limit stands the largest number, above which is nothing.
    private nonisolated(unsafe) let limits: UnsafeMutablePointer<Int64>
    /// For each bit width of a value the first bucket that such a value may belong to.
    private nonisolated(unsafe) let starts: UnsafeMutablePointer<UInt8>

    private static let widthCount = 65

    init(_ counted: [Int64]) {
        precondition(counted.count <= 254, "a histogram has at most 255 buckets")
        bucketCount = counted.count + 1
        unsafe limits = .allocate(capacity: bucketCount)
        unsafe starts = .allocate(capacity: Self.widthCount)
        for (index, limit) in (counted + [.max]).enumerated() { unsafe (limits + index).initialize(to: limit) }
        for width in 0..<Self.widthCount {
            let least: Int64 = width == 0 ? .min : width == Self.widthCount - 1 ? .max : 1 << (width - 1)
            unsafe (starts + width).initialize(to: UInt8(counted.firstIndex { $0 >= least } ?? counted.count))
        }
    }

    deinit {
        unsafe limits.deallocate()
        unsafe starts.deallocate()
    }

    /// Position of the first bucket whose limit is not below `value`; below `bucketCount`.
    @inline(__always)
    func index(for value: Int64) -> Int {
        var index = unsafe Int(starts[64 - value.leadingZeroBitCount])
        while unsafe value > limits[index] { index += 1 }
        return index
    }
}
