import CPlatform
import Foundation
import ModelFormats
import ProtobufWire
import Testing

/// SHA-256 in pieces of `chunk` bytes.
private func digest(_ bytes: [UInt8], chunk: Int) -> String {
    var state = apus_sha256()
    apus_sha256_init(&state)
    for start in stride(from: 0, to: bytes.count, by: chunk) {
        let piece = Array(bytes[start..<min(start + chunk, bytes.count)])
        apus_sha256_update(&state, piece, piece.count)
    }
    var result = [UInt8](repeating: 0, count: Int(APUS_SHA256_BYTES))
    apus_sha256_final(&state, &result)
    return result.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

@Suite("SHA-256")
struct ModelDigestTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        let digest: String
    }

    /// Examples of FIPS 180-4 and of NIST's byte-oriented vectors.
    static let vectors: [Vector] = [
        .init(testDescription: "nothing", bytes: [], digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        .init(
            testDescription: "abc", bytes: Array("abc".utf8),
            digest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        .init(
            testDescription: "two blocks", bytes: Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
            digest: "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        .init(
            testDescription: "four blocks",
            bytes: Array(
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"
                    .utf8),
            digest: "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"),
        .init(
            testDescription: "one byte", bytes: [0xBD], digest: "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"
        ),
        .init(
            testDescription: "a million a", bytes: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000),
            digest: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ]

    @Test("gives the standard's digests, whole and in pieces", arguments: vectors)
    func standardVectors(_ vector: Vector) {
        for chunk in [1_000_000, 64, 63, 65, 7] { #expect(digest(vector.bytes, chunk: chunk) == vector.digest) }
    }

    @Test("a model of one file has the file's digest")
    func model() throws {
        let folder = try TemporaryFolder()
        let bytes = sampleModel().bytes
        let model = try ONNXImporter().load(path: try folder.write(bytes, to: "model.onnx"))
        #expect(try model.digest() == digest(bytes, chunk: 1 << 20))
        #expect(try model.files.digest() == model.digest(), "it can be taken again")
    }

    @Test("a file that changed since it was loaded has no digest")
    func changed() throws {
        let folder = try TemporaryFolder()
        let bytes = sampleModel().bytes
        let path = try folder.write(bytes, to: "model.onnx")
        let model = try ONNXImporter().load(path: path)
        try folder.write(bytes + [0], to: "model.onnx")
        let grown = try #require(throws: ImportError.self) { try model.digest() }
        #expect(grown.description.contains("model \"\(path)\": changed since it was loaded"), "\(grown)")
        // The same bytes in another file.
        try folder.write(bytes, to: "copy.onnx")
        #expect(rename(folder.path + "/copy.onnx", path) == 0)
        let replaced = try #require(throws: ImportError.self) { try model.digest() }
        #expect(replaced.description.contains("changed since it was loaded"), "\(replaced)")
        #expect(unlink(path) == 0)
        let gone = try #require(throws: ImportError.self) { try model.digest() }
        #expect(gone.description.contains("No such file"), "\(gone)")
    }

    @Test("a cancelled task computes no digest")
    func cancelled() async throws {
        let folder = try TemporaryFolder()
        let model = try ONNXImporter().load(path: try folder.write(sampleModel().bytes, to: "model.onnx"))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try model.digest()
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
