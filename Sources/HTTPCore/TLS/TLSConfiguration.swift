/// The files of an encrypted listener, and what it requires of clients.
package struct TLSConfiguration: Sendable, Equatable {
    /// Whether clients prove who they are with a certificate of their own.
    package enum ClientVerification: String, Sendable, CaseIterable {
        /// They are not asked.
        case none
        /// They may; one that shows a certificate that does not hold is refused.
        case optional
        /// They must.
        case required
    }

    /// PEM: the server's certificate first, then those that lead from it to an authority that clients know.
    package var certificateFile: String
    /// PEM: the private key of the first certificate, not encrypted.
    package var keyFile: String
    /// PEM: the authorities whose certificates clients may show.
    package var clientCAFile: String?
    package var clientVerification: ClientVerification

    package init(
        certificateFile: String, keyFile: String, clientCAFile: String? = nil, clientVerification: ClientVerification = .none
    ) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientCAFile = clientCAFile
        self.clientVerification = clientVerification
    }
}

/// What a file is there for.
package enum TLSFile: String, Sendable {
    case certificate
    case key = "private key"
    case clientCA = "client CA"
}
