import Foundation
import Testing

@Suite("float text")
struct FloatTextTests {
    @Test(
        "writes six digits when they read back, else nine, and never what looks like an integer",
        arguments: [
            (0.5, "0.5"), (2, "2.0"), (-2, "-2.0"), (0, "0.0"), (-0.0, "-0.0"), (999_999, "999999.0"), (9_000_000, "9e+06"),
            (1_000_000, "1e+06"), (0.0003, "0.0003"), (3e-05, "3e-05"), (555_557.5, "555557.5"), (16_777_216, "16777216.0"),
            (1_435_774_336, "1.43577434e+09"), (1.0 / 3, "0.333333343"), (1e10, "1e+10"), (123_456_792, "123456792.0"),
            (0.1, "0.1"), (1048576.125, "1048576.12"), (0.000123456789, "0.00012345679"), (12345.678, "12345.6777"),
            (.nan, "NaN"), (.infinity, "Infinity"), (-.infinity, "-Infinity"), (.leastNonzeroMagnitude, "1.4013e-45"),
            (3.4028234663852886e38, "3.40282347e+38"), (.leastNormalMagnitude, "1.17549435e-38"), (2.5, "2.5"),
            (100_000, "100000.0"),
        ] as [(Float, String)])
    func float(_ value: Float, _ text: String) throws {
        #expect(try Codec.numbers([value]) == [text])
    }

    @Test(
        "writes doubles with six or seventeen digits",
        arguments: [
            (0.1, "0.1"), (1.0 / 3, "0.33333333333333331"), (2, "2.0"), (1e21, "1e+21"), (123_456_789.123, "123456789.123"),
            (1e-07, "1e-07"), (.leastNonzeroMagnitude, "4.94066e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
            (9_007_199_254_740_992, "9007199254740992.0"), (-0.0, "-0.0"), (0.30000000000000004, "0.30000000000000004"),
            (12_345_678_901_234_567_168, "1.2345678901234567e+19"), (100_000_000_000_000_000, "1e+17"),
            (.leastNormalMagnitude, "2.2250738585072014e-308"), (Double.leastNormalMagnitude.nextDown, "2.2250738585072009e-308"),
        ] as [(Double, String)])
    func double(_ value: Double, _ text: String) throws {
        #expect(try Codec.numbers([value]) == [text])
    }

    @Test("agrees with C's %g on floats of every exponent")
    func floatsLikeC() throws {
        var generator = SplitMix(seed: 1)
        for field in UInt32(0)...254 {
            let values = (0..<120).map { index -> Float in
                let fraction: UInt32 =
                    switch index {
                    case 0: 0
                    case 1: 1
                    case 2: 0x7F_FFFF
                    // Few digits in binary: these meet ties.
                    case 3..<40:
                        UInt32(truncatingIfNeeded: generator.next()) & 0x7F_FFFF & ~(0xFFFF_FFFF >> UInt32(index % 16 + 16))
                    default: UInt32(truncatingIfNeeded: generator.next()) & 0x7F_FFFF
                    }
                return Float(bitPattern: field << 23 | fraction | UInt32(index & 1) << 31)
            }
            let texts = try Codec.numbers(values)
            for (value, text) in zip(values, texts) {
                #expect(text == Reference.text(value), "bits \(String(value.bitPattern, radix: 16))")
            }
        }
    }

    @Test("agrees with C's %g on decimal fractions and powers of ten")
    func decimalsLikeC() throws {
        var generator = SplitMix(seed: 2)
        var values: [Float] = (-45...38).flatMap { exponent -> [Float] in
            let power = Float("1e\(exponent)") ?? 0
            return [power, power.nextUp, power.nextDown]
        }
        for _ in 0..<20_000 {
            let digits = Double(generator.next() % 10_000_000)
            values.append(Float(digits / pow(10, Double(generator.next() % 9))))
        }
        #expect(try Codec.numbers(values) == values.map { Reference.text($0) })
        let doubles = values.map(Double.init) + (0..<20_000).map { _ in Double(generator.next() % 1_000_000) / 1024 }
        #expect(try Codec.numbers(doubles) == doubles.map { Reference.text($0) })
    }

    @Test("agrees with C's %g where six digits only just read back")
    func sixDigitsLikeC() throws {
        var generator = SplitMix(seed: 5)
        var values: [Float] = (-44...37).flatMap { exponent -> [Float] in
            (0..<60).flatMap { _ -> [Float] in
                let float = strtof("\(generator.next() % 900_000 + 100_000)e\(exponent - 5)", nil)
                return [float.nextDown, float, float.nextUp]
            }
        }
        // Below a power of two the next float is nearer than above.
        for field in UInt32(1)...254 {
            let power = Float(bitPattern: field << 23)
            values += [power.nextDown.nextDown, power.nextDown, power, power.nextUp]
        }
        // Ten digits of which the last is a five, between two numbers of nine digits.
        values += (0..<20_000).map { _ in Float(generator.next() % 4_000_000) / 4096 }
        #expect(try Codec.numbers(values) == values.map { Reference.text($0) })
    }

    @Test("agrees with C's %g on doubles of every exponent")
    func doublesLikeC() throws {
        var generator = SplitMix(seed: 3)
        let values = (UInt64(0)...2046).flatMap { field in
            (0..<12).map { index -> Double in
                let fraction: UInt64 =
                    switch index {
                    case 0: 0
                    case 1: 1
                    case 2: 1 << 52 - 1
                    case 3: generator.next() & (1 << 52 - 1) & ~(1 << 40 - 1)
                    default: generator.next() & (1 << 52 - 1)
                    }
                return Double(bitPattern: field << 52 | fraction)
            }
        }
        for (value, text) in zip(values, try Codec.numbers(values)) {
            #expect(text == Reference.text(value), "bits \(String(value.bitPattern, radix: 16))")
        }
    }

    @Test("writes the extremes of every integer type")
    func integers() throws {
        #expect(
            try Codec.numbers([Int64.min, -1, 0, 9, 10, 99_999_999, 100_000_000, .max]) == [
                "-9223372036854775808", "-1", "0", "9", "10", "99999999", "100000000", "9223372036854775807",
            ])
        #expect(try Codec.numbers([UInt64.max, 12_345_678_901_234_567]) == ["18446744073709551615", "12345678901234567"])
        #expect(try Codec.numbers([Int8.min, .max, 0]) == ["-128", "127", "0"])
        #expect(try Codec.numbers([UInt16.max, 7]) == ["65535", "7"])
        #expect(try Codec.numbers([true, false]) == ["true", "false"])
        var generator = SplitMix(seed: 4)
        let values = (0..<5000).map { Int64(bitPattern: generator.next()) >> Int64($0 % 64) }
        #expect(try Codec.numbers(values) == values.map(String.init))
    }
}
