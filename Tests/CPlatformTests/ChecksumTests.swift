import CPlatform
import Testing

@Suite("CRC-32C")
struct ChecksumTests {
    private func crc(_ bytes: [UInt8], of start: UInt32 = 0) -> UInt32 { apus_crc32c(start, bytes, bytes.count) }

    /// RFC 3720, appendix B.4.
    @Test(
        "gives the published values",
        arguments: [
            ([UInt8]("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E), ([], 0),
        ] as [([UInt8], UInt32)])
    func published(bytes: [UInt8], value: UInt32) { #expect(crc(bytes) == value) }

    @Test("of long data is that of its pieces one after another, wherever they are cut")
    func pieces() {
        let bytes = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        let whole = crc(bytes)
        for cut in [0, 1, 7, 8, 4096, 12_287, 12_288, 12_289, 24_576, 39_999, 40_000] {
            #expect(crc(Array(bytes[cut...]), of: crc(Array(bytes[..<cut]))) == whole, "cut at \(cut)")
        }
        // One byte at a time takes no other way than the shortest.
        #expect(bytes.reduce(UInt32(0)) { crc([$1], of: $0) } == whole)
    }
}
