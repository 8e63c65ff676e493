import Foundation
import Tensors
import Testing

/// Conversions as `Fixtures/NarrowTypes/make_conversions.py` found them.
private struct ConversionTable: Decodable {
    struct Way: Decodable {
        /// [first bits, code] of runs in the order of the bits.
        let float16: [[UInt64]]?
        /// [bits, code]
        let float32: [[UInt64]]?
        let float64: [[UInt64]]?
        /// [integer, code]
        let integers: [[Int64]]?
    }

    let values: [UInt32]
    let ways: [String: Way]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        values = try container.decode([UInt32].self, forKey: Key(stringValue: "values"))
        var ways: [String: Way] = [:]
        for key in container.allKeys where key.stringValue != "values" {
            ways[key.stringValue] = try container.decode(Way.self, forKey: key)
        }
        self.ways = ways
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    static let all = Result {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/NarrowTypes/conversions.json")
        return try JSONDecoder().decode([String: ConversionTable].self, from: Data(contentsOf: file))
    }
}

@Suite("NarrowType")
struct NarrowTypeTests {
    static let types = ElementType.allCases.filter { $0.narrow != nil }

    /// What a way's name says.
    private func rounding(_ way: String) throws -> NarrowType.Rounding {
        let words = way.split(separator: " ").map(String.init)
        let exponent = words.count > 1 ? try #require(ExponentScale.Rounding(rawValue: words[0])) : .up
        return NarrowType.Rounding(saturates: words.last == "saturating", exponent: exponent)
    }

    private func table(_ type: ElementType) throws -> (table: ConversionTable, narrow: NarrowType) {
        (try #require(try ConversionTable.all.get()[type.name]), try #require(type.narrow))
    }

    @Test("every code has its number", arguments: types)
    func values(_ type: ElementType) throws {
        let (table, narrow) = try table(type)
        #expect(table.values.count == 1 << type.bitWidth)
        for (code, bits) in table.values.enumerated() {
            let expected = Float(bitPattern: bits), found = narrow.value(of: UInt8(code))
            #expect(found.isNaN && expected.isNaN || found.bitPattern == bits, "code \(code) is \(found), expected \(expected)")
        }
    }

    @Test("every code is that of its number", arguments: types)
    func returning(_ type: ElementType) throws {
        let narrow = try #require(type.narrow)
        for code in 0..<UInt8(1 << (type.bitWidth - 1)) {
            let value = narrow.value(of: code)
            #expect(value.isNaN || narrow.code(of: Double(value), NarrowType.Rounding(saturates: false)) == code)
        }
    }

    @Test("every float16, and floats around every boundary, round as the reference does", arguments: types)
    func floats(_ type: ElementType) throws {
        let (table, narrow) = try table(type)
        #expect(!table.ways.isEmpty)
        for (name, way) in table.ways {
            let rounding = try rounding(name)
            var wrong = 0
            func check(_ value: Double, _ expected: UInt64) { wrong += UInt64(narrow.code(of: value, rounding)) == expected ? 0 : 1 }
            if let runs = way.float16 {
                for (place, run) in runs.enumerated() {
                    let end = place + 1 < runs.count ? runs[place + 1][0] : 1 << 16
                    for bits in run[0]..<end { check(Double(HalfPrecision.float(fromBinary16: UInt16(bits))), run[1]) }
                }
            }
            for pair in way.float32 ?? [] { check(Double(Float(bitPattern: UInt32(pair[0]))), pair[1]) }
            for pair in way.float64 ?? [] { check(Double(bitPattern: pair[0]), pair[1]) }
            #expect(wrong == 0, "\(type) \(name)")
        }
    }

    @Test("integers lose the bits that the type does not have", arguments: [ElementType.int4, .uint4, .int2, .uint2])
    func integers(_ type: ElementType) throws {
        let (table, narrow) = try table(type)
        for pair in try #require(table.ways["plain"]?.integers) { #expect(Int64(narrow.code(of: pair[0])) == pair[1], "\(pair[0])") }
    }

    @Test("a tensor gives the integers of its codes")
    func integersOfTensor() throws {
        let bytes: [UInt8] = [0, 1, 2, 3, 7, 8, 15]
        let cases: [(ElementType, [Int])] = [
            (.int4, [0, 1, 2, 3, 7, -8, -1]), (.uint4, [0, 1, 2, 3, 7, 8, 15]), (.int2, [0, 1, -2, -1]), (.uint2, [0, 1, 2, 3]),
        ]
        for (type, expected) in cases {
            let codes = bytes.prefix(expected.count)
            let tensor = try Tensor(TensorSpec(type, [codes.count])) { target in target.copyBytes(from: codes) }
            #expect(tensor.integers == expected)
        }
    }

    @Test("codes that share bytes come back, the first in the low bits, at every count")
    func packing() throws {
        for bitWidth in [2, 4] {
            for count in 0...9 {
                let codes = (0..<count).map { UInt8(($0 * 7 + 3) % (1 << bitWidth)) }
                let packed = codes.withUnsafeBytes { PackedCodes.pack($0, bitWidth: bitWidth) }
                #expect(packed.count == (count * bitWidth + 7) / 8)
                #expect(packed.count == PackedCodes.byteCount(count, bitWidth: bitWidth))
                if let first = packed.first { #expect(first & (1 << UInt8(bitWidth) - 1) == codes[0]) }
                var back = [UInt8](repeating: 0xFF, count: count)
                packed.withUnsafeBytes { source in
                    back.withUnsafeMutableBytes { PackedCodes.unpack(source, into: $0, bitWidth: bitWidth) }
                }
                #expect(back == codes)
            }
        }
    }
}
