import Daemon
import Testing

@Suite("Quantities for people")
struct HumanTextTests {
    @Test(
        "bytes have three digits and a binary unit",
        arguments: [
            (0, "0 bytes"), (1, "1 byte"), (1_023, "1023 bytes"), (1_000, "1000 bytes"), (1_024, "1.00 KiB"), (124_736, "122 KiB"),
            (1_610_612_736, "1.50 GiB"), (.max, "8.00 EiB"), (-5, "0 bytes"),
        ])
    func bytes(count: Int, text: String) { #expect(HumanText.bytes(count) == text) }

    @Test(
        "durations have three digits and the unit that suits",
        arguments: [
            (0, "0 ns"), (0.31, "0.31 ns"), (300, "300 ns"), (999.6, "1.00 µs"), (14_600, "14.6 µs"), (3_196_470, "3.20 ms"),
            (2_000_000_000, "2.00 s"), (119_000_000_000, "119 s"), (125_000_000_000, "2 min 5 s"), (11_400_000_000_000, "3 h 10 min"),
            (.infinity, "0 ns"),
        ])
    func durations(nanoseconds: Double, text: String) { #expect(HumanText.duration(nanoseconds) == text) }

    @Test("a deviation has the unit and the decimals of its mean")
    func deviations() {
        #expect(HumanText.mean(14_600, deviation: 812) == "14.6 µs ± 0.8")
        #expect(HumanText.mean(3_196_470, deviation: 20_000) == "3.20 ms ± 0.02")
        #expect(HumanText.mean(885, deviation: 356.4) == "885 ns ± 356")
    }

    @Test(
        "rates and counts", arguments: [(0, "0.00/s"), (532, "532/s"), (60_497.25, "60.5 k/s"), (1_250_000, "1.25 M/s"), (.nan, "0.00/s")])
    func rates(perSecond: Double, text: String) { #expect(HumanText.rate(perSecond) == text) }

    @Test(
        "counts are grouped by thousands",
        arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (18_234, "18,234"), (-1_234_567, "-1,234,567")])
    func counts(count: Int, text: String) { #expect(HumanText.count(count) == text) }

    @Test("one is not many")
    func plurals() {
        #expect(HumanText.plural(1, "model") == "1 model")
        #expect(HumanText.plural(0, "model") == "0 models")
        #expect(HumanText.plural(1_200, "run") == "1,200 runs")
    }
}

@Suite("Latency histogram")
struct LatencyHistogramTests {
    @Test("an empty one has neither mean nor quantiles")
    func empty() {
        let histogram = LatencyHistogram()
        #expect(histogram.mean == 0 && histogram.standardDeviation == 0 && histogram.quantile(0.5) == 0)
        #expect(histogram.bars(4).isEmpty)
    }

    @Test("small values are exact, large ones within 1/2048, at every size", arguments: [0, 1, 3, 11, 17, 24, 31, 40])
    func precision(bits: Int64) {
        let base = Int64(1) << bits
        for value in [base, base + base / 3, base * 2 - 1] {
            var histogram = LatencyHistogram()
            histogram.add(nanoseconds: value)
            histogram.add(nanoseconds: value + value / 2)
            histogram.add(nanoseconds: value * 2)
            let found = histogram.quantile(0.5), expected = Double(value + value / 2)
            #expect(abs(found - expected) <= expected / 2_048, "\(value)")
            #expect(histogram.minimum == value && histogram.maximum == value * 2)
        }
    }

    @Test("quantiles are nearest ranks, and two histograms together are those of all values")
    func quantiles() {
        var odd = LatencyHistogram(), even = LatencyHistogram()
        for value in 1...1_000 {
            if value % 2 == 0 { even.add(nanoseconds: Int64(value)) } else { odd.add(.nanoseconds(value)) }
        }
        odd.merge(even)
        #expect(odd.count == 1_000 && odd.mean == 500.5)
        #expect(abs(odd.standardDeviation - 288.819_436) < 1e-5)
        #expect([0.001, 0.5, 0.9, 0.99, 0.999, 1].map { odd.quantile($0) } == [1, 500, 900, 990, 999, 1_000])
        #expect(odd.bars(8).reduce(0) { $0 + $1.count } == 1_000)
    }

    @Test("negative and endless durations are counted at the ends")
    func extremes() {
        var histogram = LatencyHistogram()
        histogram.add(nanoseconds: -5)
        histogram.add(nanoseconds: .max)
        histogram.add(.seconds(Int64.max))
        #expect(histogram.count == 3 && histogram.minimum == 0)
    }
}
