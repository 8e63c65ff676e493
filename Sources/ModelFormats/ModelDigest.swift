import CPlatform
import Tensors

/// One file that belongs to a model.
struct ModelFile: Sendable {
    /// As the model refers to it: the file's own name for the model file, a path relative to its folder for weights.
    let name: String
    let mapping: MappedFile

    var byteCount: Int { mapping.byteCount }
}

/// All files of a model, the model file first.
package struct ModelFiles: Sendable {
    let all: [ModelFile]

    package var byteCount: Int { all.reduce(0) { $0 + $1.byteCount } }

    /// SHA-256 of the model in hexadecimal. Reads every byte: about half a second for a gigabyte with hardware support.
    ///
    /// A model of one file has that file's sum, as `sha256sum` prints it. A model with external weights has the sum of
    /// the text that `sha256sum` prints for its files, model file first, then by name.
    ///
    /// - Throws: when the task is cancelled.
    @Sendable package func digest() throws -> String {
        guard let model = all.first else { return try SHA256.hexadecimal(of: []) }
        guard all.count > 1 else { return try SHA256.hexadecimal(of: model.mapping) }
        var listing = ""
        for file in [model] + all.dropFirst().sorted(by: { $0.name < $1.name }) {
            listing += "\(try SHA256.hexadecimal(of: file.mapping))  \(file.name)\n"
        }
        return try SHA256.hexadecimal(of: Array(listing.utf8))
    }
}

/// SHA-256 (FIPS 180-4) over bytes in memory.
enum SHA256 {
    /// Bytes between two looks at whether the task is cancelled.
    private static let partByteCount = 8 << 20

    static func hexadecimal(of file: MappedFile) throws -> String {
        defer { withExtendedLifetime(file) {} }
        return try hexadecimal(of: file.bytes)
    }

    static func hexadecimal(of bytes: [UInt8]) throws -> String {
        try bytes.withUnsafeBytes { try hexadecimal(of: $0) }
    }

    private static func hexadecimal(of bytes: UnsafeRawBufferPointer) throws -> String {
        var state = apus_sha256()
        apus_sha256_init(&state)
        for start in stride(from: 0, to: bytes.count, by: partByteCount) {
            if Task.isCancelled { throw CancellationError() }
            let part = bytes[start..<min(bytes.count, start + partByteCount)]
            apus_sha256_update(&state, UnsafeRawBufferPointer(rebasing: part).baseAddress, part.count)
        }
        var digest = [UInt8](repeating: 0, count: Int(APUS_SHA256_BYTES))
        apus_sha256_final(&state, &digest)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
