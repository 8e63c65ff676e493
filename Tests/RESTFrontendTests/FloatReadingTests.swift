import Foundation
import RESTFrontend
import ServableCore
import Tensors
import Testing

@Suite("number reading")
struct FloatReadingTests {
    private static func floats(_ texts: [String]) throws -> [Float] {
        try Codec.tensor("{\"inputs\":[" + texts.joined(separator: ",") + "]}").values()
    }

    private static func doubles(_ texts: [String]) throws -> [Double] {
        try Codec.tensor("{\"inputs\":[" + texts.joined(separator: ",") + "]}", .float64).values()
    }

    /// Texts around the places where rounding is decided.
    static let hardTexts: [String] = [
        "0", "-0", "0.0", "-0.0", "0e99", "1", "-1", "1e-46", "7.006492321624085e-46", "7.006492321624086e-46",
        "1.401298464324817e-45", "1.1754943508222875e-38", "1.17549430e-38", "3.4028234663852886e38", "3.4028235677973366e38",
        "3.40282356779733661637539395458142568447e38", "3.40282356779733661637539395458142568448e38", "1e39", "1e308",
        "16777217", "16777217.0000000000000000000000000000001", "16777218.9999999999999999999999999999", "16777219",
        "9007199254740993", "9007199254740993.00000000000000000001", "2.2250738585072011e-308", "2.2250738585072012e-308",
        "4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623157e308",
        "1.7976931348623158e308", "0.000000000000000000000000000000000000000000012345678901234567890123",
        "1.00000005960464477539062500", "1.00000005960464477539062501", "1.00000005960464477539062499",
        "0.1000000014901161193847656250000000000000000000000000000001", "8.589973e9", "123456789012345678901234567890",
        "1E5", "1e+5", "1.5E-3", "100000000000000000000000000000000000000", "0.00000000000000000000000000000000000001",
    ]

    @Test("rounds as strtof and strtod do")
    func hardCases() throws {
        #expect(try Self.floats(Self.hardTexts).map(\.bitPattern) == Self.hardTexts.map { strtof($0, nil).bitPattern })
        #expect(try Self.doubles(Self.hardTexts).map(\.bitPattern) == Self.hardTexts.map { strtod($0, nil).bitPattern })
    }

    @Test("rounds random texts of every length and exponent as strtof and strtod do")
    func randomTexts() throws {
        var generator = SplitMix(seed: 11)
        let texts = (0..<60_000).map { index -> String in
            let digitCount = Int(generator.next() % 24) + 1
            var digits = (0..<digitCount).map { _ in String(generator.next() % 10) }
            if digits[0] == "0", digitCount > 1 { digits[0] = "7" }
            if index % 3 != 0, digitCount > 1 { digits.insert(".", at: Int(generator.next() % UInt64(digitCount - 1)) + 1) }
            let exponent = index % 2 == 0 ? "" : "e\(Int(generator.next() % 90) - 50)"
            return (index % 5 == 0 ? "-" : "") + digits.joined() + exponent
        }
        #expect(try Self.floats(texts).map(\.bitPattern) == texts.map { strtof($0, nil).bitPattern })
        #expect(try Self.doubles(texts).map(\.bitPattern) == texts.map { strtod($0, nil).bitPattern })
    }

    @Test("reads exact and nearly exact halfway points between floats as strtof does")
    func halfwayPoints() throws {
        var generator = SplitMix(seed: 12)
        let texts = (0..<4000).flatMap { _ -> [String] in
            // A float and half a step above it: exact as a double.
            let field = UInt32(generator.next() % 180) + 30
            let bits = field << 23 | UInt32(truncatingIfNeeded: generator.next()) & 0x7F_FFFF
            let half = (Double(Float(bitPattern: bits)) + Double(Float(bitPattern: bits + 1))) / 2
            let exact = String(format: "%.120g", half)
            guard !exact.contains("e") else { return [exact] }
            return [exact, exact.contains(".") ? exact + "0000001" : exact + ".0000001"]
        }
        #expect(try Self.floats(texts).map(\.bitPattern) == texts.map { strtof($0, nil).bitPattern })
    }

    @Test("reads sixteen to nineteen digits around the points halfway between floats as strtof does")
    func nearHalfwayPoints() throws {
        var generator = SplitMix(seed: 15)
        let texts = (0..<3000).flatMap { _ -> [String] in
            // From 2^-40 to 2^40, so that none needs an exponent; then some doubles around.
            let bits = UInt32(generator.next() % 80 + 87) << 23 | UInt32(truncatingIfNeeded: generator.next()) & 0x7F_FFFF
            let half = (Double(Float(bitPattern: bits)) + Double(Float(bitPattern: bits + 1))) / 2
            return (-4...4).flatMap { offset -> [String] in
                let double = Double(bitPattern: half.bitPattern &+ UInt64(bitPattern: Int64(offset)))
                let decade = Int(log10(double).rounded(.down))
                return (16...19).map { String(format: "%.*f", max(1, $0 - max(decade, 0) - 1), double) }
            }
        }
        #expect(try Self.floats(texts).map(\.bitPattern) == texts.map { strtof($0, nil).bitPattern })
    }

    @Test("reads every number of up to five digits, wherever its point is, as strtof does")
    func shortTexts() throws {
        for fractionCount in 0...5 {
            let texts = (0..<100_000).map { number -> String in
                guard fractionCount > 0 else { return "\(number)" }
                var digits = Array(String(repeating: "0", count: fractionCount) + "\(number)")
                digits.removeFirst(min(fractionCount, max(0, digits.count - fractionCount - 1)))
                let point = digits.count - fractionCount
                // At least one digit stands before the point, and no zero before another one.
                let whole = digits[..<point].drop { $0 == "0" }
                return (whole.isEmpty ? "0" : String(whole)) + "." + String(digits[point...])
            }
            #expect(try Self.floats(texts).map(\.bitPattern) == texts.map { strtof($0, nil).bitPattern })
        }
    }

    @Test("reads back every float that it writes, bit for bit")
    func roundTrip() throws {
        var generator = SplitMix(seed: 13)
        var values: [Float] = (UInt32(0)...254).flatMap { field in
            [0, 1, 0x40_0000, 0x7F_FFFF].flatMap { fraction in
                [Float(bitPattern: field << 23 | fraction), Float(bitPattern: 1 << 31 | field << 23 | fraction)]
            }
        }
        values += [.infinity, -.infinity]
        values += (0..<300_000).map { _ in
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
            return value.isNaN ? 0 : value
        }
        let texts = try Codec.numbers(values)
        #expect(try Self.floats(texts).map(\.bitPattern) == values.map(\.bitPattern))
        #expect(try Self.floats(["NaN"])[0].isNaN)
    }

    @Test("reads back every double that it writes, bit for bit")
    func roundTripDoubles() throws {
        var generator = SplitMix(seed: 14)
        let values = (0..<100_000).map { _ -> Double in
            let value = Double(bitPattern: generator.next())
            return value.isNaN ? 0 : value
        }
        #expect(try Self.doubles(try Codec.numbers(values)).map(\.bitPattern) == values.map(\.bitPattern))
    }

    @Test(
        "rounds straight to 16 bits, not by way of a float",
        arguments: [
            ("1", 0x3C00), ("-0.0", 0x8000), ("65504", 0x7BFF), ("65519.99", 0x7BFF), ("65520", 0x7C00), ("Infinity", 0x7C00),
            ("1.00048828125", 0x3C00), ("1.000488281250000000000000001", 0x3C01), ("1.00048828124999999999999999", 0x3C00),
            ("2.98023223876953125e-8", 0x0000), ("2.980232238769531251e-8", 0x0001), ("5.9604644775390625e-8", 0x0001),
            ("6.103515625e-5", 0x0400), ("1e-400", 0x0000),
        ] as [(String, UInt16)])
    func half(_ text: String, _ bits: UInt16) throws {
        let tensor = try Codec.tensor("{\"inputs\":[\(text)]}", .float16)
        #expect(tensor.withBytes { $0.load(as: UInt16.self) } == bits)
    }

    @Test("reads every binary16 and bfloat16 value that it writes", arguments: [ElementType.float16, .bfloat16])
    func roundTripHalves(_ type: ElementType) throws {
        let infinity: UInt16 = type == .float16 ? 0x7C00 : 0x7F80
        let values = (UInt16(0)...UInt16.max).filter { $0 & 0x7FFF <= infinity }
        let tensor = try Tensor(TensorSpec(type, Shape([values.count]))) { bytes in
            values.withUnsafeBytes { bytes.copyMemory(from: $0) }
        }
        let text = try Codec.text([(name: "y", value: .dense(tensor))], format: .columnar)
        let back = try Codec.tensor(text.replacing("outputs", with: "inputs"), type)
        #expect(back.withBytes { Array($0.bindMemory(to: UInt16.self)) } == values)
    }

    @Test(
        "refuses what is no number in JSON",
        arguments: [
            "01", "-01", "+1", ".5", "1.", "1.e5", "1e", "1e+", "--1", "0x10", "1_000", "nan", "inf", "Infinit", "NaNN", "-",
            "1,",
            "1e400", "-1e400", "1 2", "1;2", "1.2.3", "1e5.5",
        ])
    func notNumbers(_ text: String) throws {
        for type in [ElementType.float32, .float64, .int64, .float16] {
            let refusal = try #require(Codec.refusal("{\"inputs\":[\(text)]}", [("x", type)]))
            #expect(refusal.code == .invalidArgument)
            #expect(refusal.message.hasPrefix("JSON Parse error: "))
        }
    }

    @Test("reads numbers of a million digits in time linear in them")
    func longNumbers() throws {
        let million = 1_000_000
        let zeros = String(repeating: "0", count: million), nines = String(repeating: "9", count: million)
        #expect(try Self.floats(["0.\(zeros)1", "1.\(nines)", "0.\(zeros)1e\(million)", "1.\(zeros)e-3"]) == [0, 2, 0.1, 0.001])
        #expect(try Self.floats(["16777217.\(zeros)1"]) == [16_777_218])
        let refusal = try #require(Codec.refusal("{\"inputs\":[\(nines)]}"))
        #expect(refusal.message.hasPrefix("JSON Parse error: Number too big to be stored in double."))
        #expect(Codec.refusal("{\"inputs\":[1e\(nines)]}")?.code == .invalidArgument)
        #expect(try Self.floats(["1e-\(nines)"]) == [0])
    }
}
