import COpenSSL
import Glibc

/// Why there is no encrypted listener, or why it keeps its present certificate.
package enum TLSError: Error, Sendable, Hashable, CustomStringConvertible {
    case unreadable(TLSFile, path: String, errno: Int32)
    case tooLarge(TLSFile, path: String, limitByteCount: Int)
    /// The file holds nothing of its kind, or something broken; `reason` is what OpenSSL said, empty when it found nothing.
    case malformed(TLSFile, path: String, reason: String)
    case encryptedKey(path: String)
    case keyMismatch(key: String, certificate: String)
    /// OpenSSL can read it and will not use it: a key too short, a signature too weak.
    case rejected(TLSFile, path: String, reason: String)
    /// Clients shall be verified, and nothing says against which authorities.
    case missingClientCA(TLSConfiguration.ClientVerification)
    /// OpenSSL itself failed.
    case library(reason: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let path, let errno):
            let reason = unsafe String(cString: strerror(errno))
            return "cannot read the \(file.rawValue) \(path): \(reason) (errno \(errno)); give a PEM file that the server's user may read"
        case .tooLarge(let file, let path, let limit):
            return "the \(file.rawValue) \(path) has more than \(limit) bytes, so it is no PEM file of that kind; check the path"
        case .malformed(let file, let path, ""):
            return "the \(file.rawValue) \(path) holds no \(file.pemNames) in PEM form; \(file.advice(path))"
        case .malformed(let file, let path, let reason):
            return "the \(file.rawValue) \(path) is damaged: \(reason); \(file.advice(path))"
        case .encryptedKey(let path):
            return "the private key \(path) is encrypted, and a server cannot prompt for the passphrase; "
                + "decrypt it with `openssl pkey -in \(path) -out FILE` and let only the server's user read FILE"
        case .keyMismatch(let key, let certificate):
            return "the private key \(key) is not that of the first certificate in \(certificate); "
                + "give the key that its request was made with, and put the server's certificate before the intermediate ones"
        case .rejected(let file, let path, let reason):
            return "the \(file.rawValue) \(path) is too weak or unusable: \(reason); "
                + "use RSA of 2048 bits or more or ECDSA P-256, signed with SHA-256 or better"
        case .missingClientCA(let verification):
            return "client verification is \(verification.rawValue), but no client CA file is given; "
                + "give the PEM file of the authorities that sign the clients' certificates, or set client verification to none"
        case .library(let reason):
            return "OpenSSL cannot make a context for TLS: \(reason); check the system's OpenSSL 3 and its openssl.cnf"
        }
    }
}

extension TLSFile {
    fileprivate var pemNames: String {
        self == .key ? "PRIVATE KEY" : "CERTIFICATE"
    }

    fileprivate func advice(_ path: String) -> String {
        switch self {
        case .certificate, .clientCA: "`openssl x509 -in \(path) -noout -text` has to show it"
        case .key: "`openssl pkey -in \(path) -noout -check` has to accept it"
        }
    }
}

/// The error queue that OpenSSL keeps for each thread.
enum OpenSSLErrors {
    static var isEmpty: Bool { ERR_peek_error() == 0 }

    /// Takes everything out and says it, the cause first.
    static func drain() -> String {
        var reasons: [String] = []
        var data: UnsafePointer<CChar>?
        var flags: Int32 = 0
        while true {
            let code = unsafe ERR_get_error_all(nil, nil, nil, &data, &flags)
            if code == 0 { break }
            var reason = text(code)
            if flags & ERR_TXT_STRING != 0, let data = unsafe data {
                let more = unsafe String(cString: data)
                if !more.isEmpty { reason += " (\(more))" }
            }
            if !reasons.contains(reason) { reasons.append(reason) }
        }
        return reasons.isEmpty ? "OpenSSL gave no reason" : reasons.joined(separator: "; ")
    }

    private static func text(_ code: UInt) -> String {
        guard let reason = unsafe ERR_reason_error_string(code) else { return "error \(String(code, radix: 16))" }
        return unsafe String(cString: reason)
    }
}
