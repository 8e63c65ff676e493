import CPlatform

/// The address of a client: IPv6, or IPv4 in its mapped form. Two words, so that it is a cheap key.
package struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64
    package let port: UInt16

    /// Who has no address, as the other end of a Unix socket.
    package static let none = PeerAddress(high: 0, low: 0, port: 0)

    init(high: UInt64, low: UInt64, port: UInt16) {
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

    /// Whether this is ::ffff:a.b.c.d (RFC 4291 §2.5.5.2). The words hold the bytes as memory does.
    private var isIPv4: Bool { high == 0 && UInt64(bigEndian: low) >> 32 == 0xFFFF }

    package var description: String {
        var octets: [UInt8] = []
        for word in [high, low] {
            for shift in stride(from: 0, to: 64, by: 8) { octets.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
        }
        let isMapped = octets.prefix(10).allSatisfy { $0 == 0 } && octets[10] == 0xFF && octets[11] == 0xFF
        if isMapped { return octets.suffix(4).map(String.init).joined(separator: ".") + ":\(port)" }
        let groups = stride(from: 0, to: 16, by: 2).map { String(Int(octets[$0]) << 8 | Int(octets[$0 + 1]), radix: 16) }
        return "[" + groups.joined(separator: ":") + "]:\(port)"
    }
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
