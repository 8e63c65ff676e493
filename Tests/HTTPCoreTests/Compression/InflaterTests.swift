import HTTPCore
import Testing

@Suite("Inflating")
struct InflaterTests {
    private func fault(_ bytes: [UInt8], _ coding: ContentCoding, limit: Int = .max) -> InflateFault? {
        do throws(InflateFault) {
            _ = try CompressedForms.inflate([bytes[...]], coding, limit: limit)
            return nil
        } catch {
            return error
        }
    }

    @Test("reads what gzip and zlib have written, whole and cut in two at any byte", arguments: CompressedForms.names)
    func forms(_ name: String) throws {
        let data = CompressedForms.read(name), coding = CompressedForms.coding(name)
        let inflater = try Inflater()
        #expect(try CompressedForms.inflate([data[...]], coding, with: inflater) == CompressedForms.plain)
        for cut in data.indices {
            let isRight = try CompressedForms.inflate([data[..<cut], data[cut...]], coding, with: inflater) == CompressedForms.plain
            #expect(isRight, "cut at \(cut)")
        }
        #expect(try CompressedForms.inflate(data.indices.map { data[$0...$0] }, coding, with: inflater) == CompressedForms.plain)
    }

    @Test("tells of every prefix that it is truncated, and where", arguments: CompressedForms.names)
    func prefixes(_ name: String) throws {
        let data = CompressedForms.read(name), coding = CompressedForms.coding(name)
        var soundPrefixes = 0
        for count in data.indices {
            switch fault(Array(data[..<count]), coding) {
            case .truncated(let offset): #expect(offset == count)
            // A prefix of several members may end with one.
            case nil where name == "gzip-members": soundPrefixes += 1
            case let other: Issue.record("\(count) bytes: \(String(describing: other))")
            }
        }
        #expect(soundPrefixes == (name == "gzip-members" ? CompressedForms.plain.count / 700 + 1 : 0))
    }

    @Test("refuses any byte changed in gzip's data or checksums", arguments: ["gzip-1", "gzip-9", "gzip-members", "deflate-zlib"])
    func flippedBytes(_ name: String) throws {
        let data = CompressedForms.read(name), coding = CompressedForms.coding(name)
        // Before these lie time, flags and system of gzip, which mean nothing here.
        let start = coding == .gzip ? 10 : 0
        for index in start..<data.count {
            for mask: UInt8 in [0x01, 0x80, 0xFF] {
                var changed = data
                changed[index] ^= mask
                let result = Result { try CompressedForms.inflate([changed[...]], coding) }
                if case .success(let bytes) = result {
                    #expect(bytes == CompressedForms.plain, "byte \(index) ^ \(mask) went unnoticed")
                }
            }
        }
    }

    @Test("refuses what follows the end", arguments: CompressedForms.names)
    func trailing(_ name: String) {
        let data = CompressedForms.read(name), coding = CompressedForms.coding(name)
        for garbage: [UInt8] in [[0], [0, 0, 0, 0], Array("{}".utf8), [0x1F], [0x1F, 0x8B, 0x08]] {
            let found = fault(data + garbage, coding)
            switch (coding, garbage[0]) {
            case (.gzip, 0x1F): #expect(found == .truncated(offset: data.count + garbage.count))
            default: #expect(found == .corrupt(offset: data.count, reason: "bytes follow the end of the compressed data"))
            }
        }
    }

    @Test(
        "says where and why data is wrong",
        arguments: [
            (ContentCoding.gzip, Array("{\"instances\":[1]}".utf8), "incorrect header check"),
            (.gzip, [0x1F, 0x8B, 0x07, 0, 0, 0, 0, 0, 0, 3], "unknown compression method"),
            (.gzip, [0x1F, 0x8B, 0x08, 0xE0, 0, 0, 0, 0, 0, 3], "unknown header flags set"),
            (.deflate, [0xFF, 0xFF], "invalid block type"),
            (.deflate, [0x78, 0xBB, 0, 0, 0, 0], "it needs a preset dictionary"),
            (.deflate, [0x78, 0x9C, 0xFF], "invalid block type"),
            // A match that reaches back to before the start.
            (.deflate, [0x03, 0x02, 0x00], "invalid distance too far back"),
        ])
    func reasons(_ coding: ContentCoding, _ data: [UInt8], _ reason: String) {
        guard case .corrupt(let offset, let found) = fault(data, coding) else {
            Issue.record("\(data): \(String(describing: fault(data, coding)))")
            return
        }
        #expect(found == reason)
        #expect((1...data.count).contains(offset))
    }

    @Test("stops at the limit, to the byte", arguments: CompressedForms.names)
    func limits(_ name: String) throws {
        let data = CompressedForms.read(name), coding = CompressedForms.coding(name), count = CompressedForms.plain.count
        #expect(fault(data, coding, limit: count) == nil)
        for limit in [0, 1, 100, count - 1] { #expect(fault(data, coding, limit: limit) == .tooLarge(limit: limit)) }
    }

    @Test("gives up on a bomb after as many bytes as are allowed, however it is packed")
    func bombs() throws {
        // 1 GiB of zeros in 1 MiB.
        let member = CompressedForms.zeros(1 << 24)
        let members = Array(repeatElement(member, count: 64).joined())
        #expect(members.count < 1 << 21)
        let inflater = try Inflater()
        for data in [members, member] {
            for limit in [0, 1_000_000] {
                var output = ByteBuffer()
                inflater.begin(.gzip)
                let fault = data.withUnsafeBytes { bytes -> InflateFault? in
                    do throws(InflateFault) {
                        try inflater.inflate(bytes, into: &output, limit: limit)
                        return nil
                    } catch {
                        return error
                    }
                }
                #expect(fault == .tooLarge(limit: limit))
                #expect(output.count == limit + 1)
            }
        }
    }

    @Test("begins anew after every kind of end")
    func reuse() throws {
        let inflater = try Inflater()
        let good = CompressedForms.read("gzip-9")
        for bad: [UInt8] in [good.dropLast(3), [1, 2, 3], good + [9], []] {
            #expect(throws: InflateFault.self) { try CompressedForms.inflate([bad[...]], .gzip, with: inflater) }
            #expect(try CompressedForms.inflate([good[...]], .gzip, with: inflater) == CompressedForms.plain)
            #expect(
                try CompressedForms.inflate([CompressedForms.read("deflate-raw")[...]], .deflate, with: inflater) == CompressedForms.plain)
        }
        #expect(throws: InflateFault.tooLarge(limit: 3)) { try CompressedForms.inflate([good[...]], .gzip, limit: 3, with: inflater) }
        #expect(try CompressedForms.inflate([good[...]], .gzip, with: inflater) == CompressedForms.plain)
    }
}
