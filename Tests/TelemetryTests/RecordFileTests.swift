import Foundation
import Synchronization
import Telemetry
import Testing

@Suite("Record file")
struct RecordFileTests {
    private struct Folder: ~Copyable {
        let url: URL

        init() throws {
            url = URL.temporaryDirectory.appending(path: "apus-records-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }

        deinit {
            do { try FileManager.default.removeItem(at: url) } catch { Issue.record("cannot remove \(url.path): \(error)") }
        }

        func text(_ name: String) throws -> String { try String(contentsOf: url.appending(path: name), encoding: .utf8) }
        var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } }
    }

    private final class Counts: Sendable {
        let written = Atomic(0), dropped = Atomic(0)
        let failures = Mutex<[Int32?]>([])
    }

    private static func file(_ path: String, _ limits: RecordFile.Limits, _ counts: Counts = Counts()) throws -> RecordFile {
        try RecordFile(path: path, limits: limits) { outcome in
            switch outcome {
            case .written: counts.written.add(1, ordering: .relaxed)
            case .dropped: counts.dropped.add(1, ordering: .relaxed)
            }
        } report: { failure in
            counts.failures.withLock { $0.append(failure?.code) }
        }
    }

    @Test("whole records go to the file, which is renamed before it grows beyond its size, and the oldest is lost")
    func rotates() throws {
        let folder = try Folder()
        let file = try Self.file(
            folder.url.appending(path: "r").path, RecordFile.Limits(fileByteCount: 10, fileCount: 3, bufferByteCount: 1000))
        for number in 0..<9 { file.append(Array("abc\(number)\n".utf8)) }
        file.flush()
        #expect(try folder.names == ["r", "r.1", "r.2"])
        #expect(try folder.text("r") == "abc8\n" && folder.text("r.1") == "abc6\nabc7\n" && folder.text("r.2") == "abc4\nabc5\n")
    }

    @Test("a single file begins anew; a record longer than the file may be has one of its own")
    func single() throws {
        let folder = try Folder(), counts = Counts()
        let file = try Self.file(
            folder.url.appending(path: "r").path, RecordFile.Limits(fileByteCount: 4, fileCount: 1, bufferByteCount: 1000), counts)
        file.append(Array("a\n".utf8))
        file.append(Array("0123456789\n".utf8))
        file.flush()
        #expect(try folder.names == ["r"] && folder.text("r") == "0123456789\n")
        #expect(counts.written.load(ordering: .relaxed) == 2)
    }

    @Test("what a file holds already is kept and counted")
    func appends() throws {
        let folder = try Folder(), path = folder.url.appending(path: "r").path
        try Data("old\n".utf8).write(to: URL(filePath: path))
        let file = try Self.file(path, RecordFile.Limits(fileByteCount: 8, fileCount: 2, bufferByteCount: 1000))
        file.append(Array("new\n".utf8))
        file.append(Array("next\n".utf8))
        file.flush()
        #expect(try folder.text("r.1") == "old\nnew\n" && folder.text("r") == "next\n")
    }

    @Test("what does not fit the buffer is dropped and counted")
    func drops() throws {
        let folder = try Folder(), counts = Counts()
        let file = try Self.file(
            folder.url.appending(path: "r").path, RecordFile.Limits(fileByteCount: 1 << 30, fileCount: 2, bufferByteCount: 100), counts)
        for _ in 0..<1000 { file.append([UInt8](repeating: 0x61, count: 60)) }
        file.flush()
        let written = counts.written.load(ordering: .relaxed), dropped = counts.dropped.load(ordering: .relaxed)
        #expect(written + dropped == 1000 && written > 0)
        #expect(try folder.text("r").utf8.count == written * 60)
    }

    @Test("a file that cannot be opened is refused with its path; a full disk is reported once, and leaves no part of a record")
    func faults() throws {
        let limits = RecordFile.Limits(fileByteCount: 1000, fileCount: 2, bufferByteCount: 1000)
        let error = #expect(throws: RecordFile.Failure.self) { _ = try Self.file("/nowhere/at/all", limits) }
        #expect(error?.description == "\"/nowhere/at/all\" cannot be written: No such file or directory (errno 2)")
        let counts = Counts()
        let full = try Self.file("/dev/full", limits, counts)
        for _ in 0..<3 { full.append([1]) }
        full.flush()
        #expect(counts.dropped.load(ordering: .relaxed) == 3)
        #expect(counts.failures.withLock { $0 } == [ENOSPC])
    }
}
