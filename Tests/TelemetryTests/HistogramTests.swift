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
            (-1.0, 0), (0, 0), (1, 0), (1.0000001, 1), (2, 1), (3.9, 2), (4, 2), (4.1, 3), (.infinity, 3), (.nan, 3),
            (-.infinity, 0),
        ])
    func bucketOfValue(value: Double, bucket: Int) {
        let histogram = Histogram(HistogramBuckets(limits: [1, 2, 4]))
        histogram.observe(value)
        #expect(histogram.snapshot.counts.firstIndex(of: 1) == bucket)
        #expect(histogram.snapshot.counts.reduce(0, +) == 1)
    }

    @Test("more threads than there are stripes lose no value, of a histogram or a counter")
    func manyThreads() {
        let histogram = Histogram(.exponential(scale: 1, growth: 2, count: 4))
        let counter = Counter()
        let threads = (0..<40).map { _ in
            Thread {
                for value in 0..<1_000 {
                    histogram.observe(Double(value % 10))
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
