import Foundation
import HTTPCore
import Testing

@Suite("Compressing")
struct DeflaterTests {
    private func gzip(_ bytes: [UInt8], with deflater: Deflater, maxByteCount: Int = 1 << 40) -> [UInt8]? {
        var output = ByteBuffer()
        output.append("before")
        let isDone = bytes.withUnsafeBytes { deflater.compress($0, into: &output, maxByteCount: maxByteCount) }
        #expect(Array(output.bytes.prefix(6)) == Array("before".utf8))
        if !isDone { #expect(output.count == 6) }
        return isDone ? Array(output.bytes.dropFirst(6)) : nil
    }

    /// Bytes without a pattern, the same in every run.
    private func noise(_ count: Int) -> [UInt8] {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    @Test("gives back what went in, at every level and length", arguments: Deflater.levels)
    func roundTrips(level: Int) throws {
        let deflater = try #require(Deflater(level: level))
        for count in [0, 1, 2, 3, 255, 8191, 8192, 8193, 100_000, 1_000_000] {
            for bytes in [noise(count), (0..<count).map { UInt8($0 / 7 % 10) + 48 }] {
                let packed = try #require(gzip(bytes, with: deflater))
                let isSame = try CompressedForms.inflate([packed[...]], .gzip) == bytes
                #expect(isSame, "\(count) bytes")
            }
        }
    }

    @Test("is understood by gzip")
    func foreignReader() throws {
        let deflater = try #require(Deflater(level: 1))
        let packed = try #require(gzip(CompressedForms.plain, with: deflater))
        let process = Process()
        process.executableURL = URL(filePath: "/bin/gzip")
        process.arguments = ["-dc"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: packed)
        try input.fileHandleForWriting.close()
        let text = try output.fileHandleForReading.readToEnd()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(text.map(Array.init) == CompressedForms.plain)
    }

    @Test("leaves the output alone when the result would be longer than allowed, and can go on after that")
    func bound() throws {
        let deflater = try #require(Deflater(level: 1))
        let packed = try #require(gzip(CompressedForms.plain, with: deflater))
        #expect(gzip(CompressedForms.plain, with: deflater, maxByteCount: packed.count) == packed)
        for tooFew in [packed.count - 1, 100, 1, 0] {
            #expect(gzip(CompressedForms.plain, with: deflater, maxByteCount: tooFew) == nil)
        }
        let bytes = noise(100_000)
        #expect(gzip(bytes, with: deflater, maxByteCount: bytes.count - 1) == nil)
        #expect(gzip(CompressedForms.plain, with: deflater) == packed)
    }

    @Test("takes the nearest level for one that is none")
    func levels() throws {
        for (level, nearest) in [(0, 1), (-5, 1), (10, 9), (.max, 9)] {
            let (odd, even) = (try #require(Deflater(level: level)), try #require(Deflater(level: nearest)))
            #expect(gzip(CompressedForms.plain, with: odd) == gzip(CompressedForms.plain, with: even))
        }
    }
}
