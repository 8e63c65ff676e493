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
    @Sendable package func digest() -> String {
        guard let model = all.first else { return SHA256.hexadecimal(of: []) }
        guard all.count > 1 else { return SHA256.hexadecimal(of: model.mapping) }
        let listing = ([model] + all.dropFirst().sorted { $0.name < $1.name })
            .map { "\(SHA256.hexadecimal(of: $0.mapping))  \($0.name)\n" }
            .joined()
        return SHA256.hexadecimal(of: Array(listing.utf8))
    }
}

/// SHA-256 (FIPS 180-4) over bytes in memory.
enum SHA256 {
    static func hexadecimal(of file: MappedFile) -> String {
        withExtendedLifetime(file) { hexadecimal(of: file.bytes) }
    }

    static func hexadecimal(of bytes: [UInt8]) -> String { bytes.withUnsafeBytes { hexadecimal(of: $0) } }

    private static func hexadecimal(of bytes: UnsafeRawBufferPointer) -> String {
        var state = apus_sha256()
        apus_sha256_init(&state)
        apus_sha256_update(&state, bytes.baseAddress, bytes.count)
        var digest = [UInt8](repeating: 0, count: Int(APUS_SHA256_BYTES))
        apus_sha256_final(&state, &digest)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
