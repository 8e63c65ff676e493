import Foundation
import Testing

@testable import Tensors

@Suite("FileContents")
final class FileContentsTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "apus-tensors-\(UUID().uuidString)").path

    deinit { unlink(path) }

    private func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: path)) }

    @Test("holds the file as it was, whatever happens to it later")
    func copies() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        try write(bytes)
        let contents = try FileContents(path: path)
        #expect(truncate(path, 0) == 0)
        #expect(contents.byteCount == bytes.count)
        #expect(contents.bytes.elementsEqual(bytes))
        #expect(contents.identity.byteCount == bytes.count)
    }

    @Test("an empty file has no bytes")
    func empty() throws {
        try write([])
        let contents = try FileContents(path: path)
        #expect(contents.byteCount == 0)
        #expect(contents.bytes.isEmpty)
        #expect(TensorStorage(file: contents, byteOffset: 0, byteCount: 0) != nil)
    }

    @Test("gives back only whole pages inside a range")
    func discard() throws {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        try write([UInt8](repeating: 7, count: 4 * page))
        let contents = try FileContents(path: path)
        contents.discard(1..<(3 * page + 1))
        let first = contents.bytes[..<page], middle = contents.bytes[page..<(3 * page)], last = contents.bytes[(3 * page)...]
        #expect(first.allSatisfy { $0 == 7 } && last.allSatisfy { $0 == 7 })
        #expect(middle.allSatisfy { $0 == 0 })
        contents.discard(10..<20)
        #expect(contents.bytes[10] == 7)
    }

    @Test("what cannot be read is named, with the system's error number")
    func faults() throws {
        let missing = try #require(throws: FileError.self) { try FileContents(path: "/nowhere/file") }
        #expect(missing.errno == ENOENT)
        #expect(missing.description.contains("cannot stat \"/nowhere/file\""))
        let folder = try #require(throws: FileError.self) { try FileContents(path: "/") }
        #expect(folder.description.contains("not a regular file"))
    }

    @Test("two states of a file have two identities, one state has one")
    func identity() throws {
        try write([1, 2, 3])
        let first = try FileIdentity(path: path)
        #expect(try FileIdentity(path: path) == first)
        #expect(try FileContents(path: path).identity == first)
        try write([1, 2, 3, 4])
        let second = try FileIdentity(path: path)
        #expect(second != first)
        // The same length again, at another time.
        var times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000_000, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
        #expect(try FileIdentity(path: path) != second)
    }
}

@Suite("TensorStorage over a file")
struct FileWindowTests {
    @Test("windows lie inside the file")
    func windows() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "apus-tensors-\(UUID().uuidString)").path
        try Data([1, 2, 3, 4]).write(to: URL(filePath: path))
        defer { unlink(path) }
        let contents = try FileContents(path: path)
        let storage = try #require(TensorStorage(file: contents, byteOffset: 1, byteCount: 2))
        let tensor = try #require(Tensor(TensorSpec(.uint8, [2]), storage: storage))
        #expect(tensor.values(UInt8.self) == [2, 3])
        #expect(storage.file === contents)
        #expect(Tensor(TensorSpec(.uint8, [3]), storage: storage) == nil, "more elements than bytes")
        for (offset, count) in [(-1, 2), (0, 5), (4, 1), (5, 0), (1, -1), (1, .max)] {
            #expect(TensorStorage(file: contents, byteOffset: offset, byteCount: count) == nil, "\(count) bytes at \(offset)")
        }
    }
}
