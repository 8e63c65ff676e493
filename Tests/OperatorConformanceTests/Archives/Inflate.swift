/// Decompresses a deflate stream (RFC 1951).
struct Inflate {
    struct Failure: Error { let reason: String }

    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private var bitBuffer: UInt32 = 0
    private var bitCount = 0
    private var output: [UInt8] = []

    /// - Parameter byteCount: the length of the result, as the archive states it; more than that is refused.
    static func decompress(_ bytes: ArraySlice<UInt8>, byteCount: Int) throws -> [UInt8] {
        var inflate = Inflate(bytes)
        inflate.output.reserveCapacity(byteCount)
        var isLast = false
        while !isLast {
            isLast = try inflate.bits(1) == 1
            switch try inflate.bits(2) {
            case 0: try inflate.stored()
            case 1: try inflate.block(.fixedLiterals, .fixedDistances)
            case 2:
                let (literals, distances) = try inflate.dynamicCodes()
                try inflate.block(literals, distances)
            default: throw Failure(reason: "block type 3")
            }
            guard inflate.output.count <= byteCount else { throw Failure(reason: "more bytes than stated") }
        }
        guard inflate.output.count == byteCount else { throw Failure(reason: "fewer bytes than stated") }
        return inflate.output
    }

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    // MARK: Bits

    /// The next bits, first one lowest (§3.1.1).
    private mutating func bits(_ count: Int) throws -> Int {
        while bitCount < count {
            guard position < bytes.endIndex else { throw Failure(reason: "cut off") }
            bitBuffer |= UInt32(bytes[position]) << UInt32(bitCount)
            position += 1
            bitCount += 8
        }
        defer {
            bitBuffer >>= UInt32(count)
            bitCount -= count
        }
        return Int(bitBuffer & (1 << UInt32(count) - 1))
    }

    /// The next symbol, whose code comes highest bit first.
    private mutating func symbol(_ code: HuffmanCode) throws -> Int {
        var value = 0
        var first = 0
        var index = 0
        for length in 1...HuffmanCode.maximumLength {
            value |= try bits(1)
            let count = code.counts[length]
            if value - first < count { return code.symbols[index + value - first] }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        throw Failure(reason: "a code that is not in the table")
    }

    // MARK: Blocks

    /// §3.2.4: to the next byte border, the length, its complement, the bytes.
    private mutating func stored() throws {
        bitBuffer = 0
        bitCount = 0
        let length = try bits(16)
        guard try bits(16) == ~length & 0xFFFF, length <= bytes.endIndex - position else {
            throw Failure(reason: "a stored block's length")
        }
        output += bytes[position..<position + length]
        position += length
    }

    /// §3.2.3: literals, and pairs of length and distance, until symbol 256.
    private mutating func block(_ literals: HuffmanCode, _ distances: HuffmanCode) throws {
        while true {
            let symbol = try symbol(literals)
            if symbol < 256 {
                output.append(UInt8(symbol))
            } else if symbol == 256 {
                return
            } else {
                let length = try extended(symbol - 257, Self.lengths)
                let distance = try extended(try self.symbol(distances), Self.distances)
                guard distance <= output.count else { throw Failure(reason: "a distance before the start") }
                for _ in 0..<length { output.append(output[output.count - distance]) }
            }
        }
    }

    private mutating func extended(_ index: Int, _ table: [(base: Int, extraBits: Int)]) throws -> Int {
        guard index < table.count else { throw Failure(reason: "a length or distance symbol out of range") }
        return table[index].base + (try bits(table[index].extraBits))
    }

    /// §3.2.7: the lengths of the codes, themselves coded.
    private mutating func dynamicCodes() throws -> (HuffmanCode, HuffmanCode) {
        let literalCount = try bits(5) + 257
        let distanceCount = try bits(5) + 1
        let lengthCount = try bits(4) + 4
        var codeLengths = [Int](repeating: 0, count: 19)
        for index in 0..<lengthCount { codeLengths[Self.codeLengthOrder[index]] = try bits(3) }
        let code = HuffmanCode(codeLengths)
        var lengths: [Int] = []
        while lengths.count < literalCount + distanceCount {
            switch try symbol(code) {
            case 16:
                guard let last = lengths.last else { throw Failure(reason: "a repetition of nothing") }
                lengths += [Int](repeating: last, count: try bits(2) + 3)
            case 17: lengths += [Int](repeating: 0, count: try bits(3) + 3)
            case 18: lengths += [Int](repeating: 0, count: try bits(7) + 11)
            case let length: lengths.append(length)
            }
        }
        guard lengths.count == literalCount + distanceCount else { throw Failure(reason: "too many code lengths") }
        return (HuffmanCode(Array(lengths[..<literalCount])), HuffmanCode(Array(lengths[literalCount...])))
    }

    private static let codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    /// §3.2.5: symbols 257 to 285; extra bits grow by one every four symbols.
    private static let lengths: [(base: Int, extraBits: Int)] = {
        var table: [(base: Int, extraBits: Int)] = []
        var base = 3
        for index in 0..<28 {
            let extra = max(index / 4 - 1, 0)
            table.append((base, extra))
            base += 1 << extra
        }
        return table + [(258, 0)]
    }()

    /// §3.2.5: distance symbols 0 to 29; extra bits grow by one every two symbols.
    private static let distances: [(base: Int, extraBits: Int)] = {
        var table: [(base: Int, extraBits: Int)] = []
        var base = 1
        for index in 0..<30 {
            let extra = max(index / 2 - 1, 0)
            table.append((base, extra))
            base += 1 << extra
        }
        return table
    }()
}

/// A canonical Huffman code (RFC 1951 §3.2.2).
struct HuffmanCode {
    static let maximumLength = 15

    /// How many codes there are of each length.
    let counts: [Int]
    /// Symbols in the order of their codes.
    let symbols: [Int]

    /// - Parameter lengths: the code length of each symbol, 0 where it has none.
    init(_ lengths: [Int]) {
        var counts = [Int](repeating: 0, count: Self.maximumLength + 1)
        for length in lengths where length > 0 { counts[length] += 1 }
        self.counts = counts
        symbols = (1...Self.maximumLength).flatMap { length in lengths.indices.filter { lengths[$0] == length } }
    }

    /// §3.2.6
    static let fixedLiterals = HuffmanCode(
        [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112) + [Int](repeating: 7, count: 24)
            + [Int](repeating: 8, count: 8))
    static let fixedDistances = HuffmanCode([Int](repeating: 5, count: 30))
}
