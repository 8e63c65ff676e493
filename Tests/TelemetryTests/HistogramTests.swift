import Foundation
import Telemetry
import Testing

@Suite("Histogram")
struct HistogramTests {
    @Test("exponential limits start at the scale and grow by the factor")
    func exponentialLimits() {
        #expect(HistogramBuckets.exponential(scale: 1, growth: 2, count: 4).limits == [1, 2, 4, 8])
        #expect(HistogramBuckets.exponential(scale: 10, growth: 1.8, count: 33).limits.count == 33)
    }

    @Test(
        "a value falls into the first bucket whose limit is not below it",
        arguments: [
            (-1, 0), (0, 0), (1_000, 0), (1_001, 1), (2_000, 1), (2_001, 2), (3_900, 2), (4_000, 2), (4_001, 3), (.max, 3), (.min, 0),
        ] as [(Int64, Int)])
    func bucketOfValue(value: Int64, bucket: Int) {
        let histogram = Histogram(HistogramBuckets(limits: [1, 2, 4], scale: 1_000))
        histogram.observe(value)
        #expect(histogram.snapshot.counts.firstIndex(of: 1) == bucket)
        #expect(histogram.snapshot.counts.reduce(0, +) == 1)
    }

    @Test("every value around every limit falls where comparing it with all limits says")
    func allLimits() {
        let buckets = [
            HistogramBuckets.exponential(scale: 10, growth: 1.8, count: 33, unit: 1e3),
            .exponential(scale: 100, growth: 1.2, count: 52, unit: 1e3), .exponential(scale: 1, growth: 2, count: 14),
            .exponential(scale: 1e-6, growth: 2, count: 25, unit: 1e9), HistogramBuckets(limits: []),
        ]
        for buckets in buckets {
            for limit in buckets.limits + [0, 1e9] {
                for value in [-1, 0, 1].map({ Int64(limit * buckets.scale) + $0 }) {
                    let histogram = Histogram(buckets)
                    histogram.observe(value)
                    let expected = buckets.limits.firstIndex { Double(value) <= $0 * buckets.scale } ?? buckets.limits.count
                    #expect(histogram.snapshot.counts.firstIndex(of: 1) == expected, "\(value)")
                }
            }
        }
    }

    @Test("sums are shown in the unit of the limits")
    func units() {
        let histogram = Histogram(HistogramBuckets(limits: [1], scale: 1e9))
        histogram.observe(1_500_000_000)
        histogram.observe(250_000_000)
        #expect(histogram.snapshot.counts == [1, 1])
        #expect(histogram.snapshot.sum == 1.75)
    }

    @Test("more threads than there are stripes lose no value, of a histogram or a counter")
    func manyThreads() {
        let histogram = Histogram(.exponential(scale: 1, growth: 2, count: 4))
        let counter = Counter()
        let threads = (0..<40).map { _ in
            Thread {
                for value in 0..<1_000 {
                    histogram.observe(Int64(value % 10))
                    counter.increment(by: 2)
                }
            }
        }
        threads.forEach { $0.start() }
        while !threads.allSatisfy(\.isFinished) { usleep(1_000) }
        let snapshot = histogram.snapshot
        #expect(snapshot.counts == [8_000, 4_000, 8_000, 16_000, 4_000])
        #expect(snapshot.sum == 180_000)
        #expect(counter.value == 80_000)
    }
}
