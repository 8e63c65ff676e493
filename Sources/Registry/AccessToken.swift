import CPlatform

/// A secret that a client shows to be allowed something; what is kept of it is its digest.
package enum AccessToken {
    package enum Role: String, Sendable, CaseIterable {
        /// Asks for predictions.
        case predict
        /// Changes what is served, too.
        case admin
    }

    /// What is known of a token.
    package struct Record: Sendable, Equatable {
        package let name: String
        package let role: Role
        /// RFC 3339, UTC.
        package let created: String
    }

    private static let prefix = "apus_"
    private static let secretByteCount = 32
    /// No token is longer; longer texts are not looked up.
    static let maximumByteCount = 256

    /// A new token: 256 random bits behind a prefix by which scanners for leaked secrets know it.
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        return prefix + hexadecimal((0..<secretByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    /// SHA-256 in lower-case hexadecimal. A token has as much entropy as the digest, so that it needs neither salt nor stretching.
    static func digest(of token: String) -> String {
        var context = apus_sha256(), bytes = Array(token.utf8), digest = [UInt8](repeating: 0, count: Int(APUS_SHA256_BYTES))
        apus_sha256_init(&context)
        apus_sha256_update(&context, &bytes, bytes.count)
        apus_sha256_final(&context, &digest)
        return hexadecimal(digest)
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
