package import HTTPCore

/// One place where the server listens.
package struct GRPCListener: Sendable, Equatable {
    package var address: ListenerAddress
    /// Whether connections are encrypted, by the server's credentials.
    package var isEncrypted: Bool

    package init(_ address: ListenerAddress, isEncrypted: Bool) {
        self.address = address
        self.isEncrypted = isEncrypted
    }
}
