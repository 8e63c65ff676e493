import CPlatform

/// The address of a client: IPv6, or IPv4 in its mapped form. Two words, so that it is a cheap key.
///
/// The words hold the address's bytes as they lie in memory, in network order.
package struct PeerAddress: Hashable, Sendable {
    let high: UInt64
    let low: UInt64
    package let port: UInt16

    /// Who has no address, as the other end of a Unix socket.
    package static let none = PeerAddress(high: 0, low: 0, port: 0)

    package init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }

    init(_ address: apus_address) {
        var address = address
        var words = (UInt64(0), UInt64(0))
        let isInternet = unsafe withUnsafeMutableBytes(of: &words) { bytes in
            unsafe apus_address_bytes(&address, bytes.assumingMemoryBound(to: UInt8.self).baseAddress) != 0
        }
        self = isInternet ? PeerAddress(high: words.0, low: words.1, port: address.text?.port ?? 0) : .none
    }

    /// Equal for all connections of one client: whatever their ports and, in IPv6, wherever in its network of 64 bits, in
    /// which a single machine may take any address (RFC 8981).
    var client: PeerAddress { PeerAddress(high: high, low: isIPv4 ? low : 0, port: 0) }

    /// Whether this is ::ffff:a.b.c.d (RFC 4291 §2.5.5.2).
    var isIPv4: Bool { high == 0 && UInt64(bigEndian: low) >> 32 == 0xFFFF }
}

extension apus_address {
    /// Host without brackets, and port; nil for an address that is not of the internet.
    var text: (host: String, port: UInt16)? {
        var copy = self
        var port: UInt16 = 0
        let host: String? = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard unsafe apus_address_text(&copy, text.baseAddress, text.count, &port) == 0,
                let start = text.baseAddress
            else { return nil }
            return unsafe String(cString: start)
        }
        return host.map { ($0, port) }
    }
}
