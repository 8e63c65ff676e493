// A client's address as text, written without an allocation.

extension PeerAddress: CustomStringConvertible {
    /// `127.0.0.1:40000`, `[2001:db8::1]:40000`, `unix`.
    package var description: String {
        var buffer = ByteBuffer()
        append(to: &buffer)
        return unsafe String(decoding: buffer.bytes, as: UTF8.self)
    }

    /// Appends address and port, an IPv6 address as RFC 5952 §4 and §6 say; `unix` for a client without an address.
    func append(to buffer: inout ByteBuffer) {
        if self == .none { return buffer.append("unix") }
        if isIPv4 {
            appendIPv4(to: &buffer)
        } else {
            appendIPv6(to: &buffer)
        }
        buffer.append(UInt8(ascii: ":"))
        buffer.append(decimal: Int(port))
    }

    /// Appends the address alone, without brackets; `unix` for a client without an address.
    func appendHost(to buffer: inout ByteBuffer) {
        if self == .none { return buffer.append("unix") }
        if isIPv4 { appendIPv4(to: &buffer) } else { appendPlainIPv6(to: &buffer) }
    }

    private func appendIPv4(to buffer: inout ByteBuffer) {
        for octet in 0..<4 {
            if octet > 0 { buffer.append(UInt8(ascii: ".")) }
            buffer.append(decimal: Int(UInt64(bigEndian: low) >> UInt64(24 - 8 * octet) & 0xFF))
        }
    }

    private func appendIPv6(to buffer: inout ByteBuffer) {
        buffer.append(UInt8(ascii: "["))
        appendPlainIPv6(to: &buffer)
        buffer.append(UInt8(ascii: "]"))
    }

    private func appendPlainIPv6(to buffer: inout ByteBuffer) {
        let zeros = longestRunOfZeros
        var index = 0
        while index < 8 {
            if index == zeros.lowerBound, zeros.count > 1 {
                buffer.append("::")
                index = zeros.upperBound
                continue
            }
            if index > 0, index != zeros.upperBound || zeros.count < 2 { buffer.append(UInt8(ascii: ":")) }
            appendHex(group(index), to: &buffer)
            index += 1
        }
    }

    /// One of the eight numbers of 16 bits.
    private func group(_ index: Int) -> UInt64 {
        UInt64(bigEndian: index < 4 ? high : low) >> UInt64(48 - 16 * (index & 3)) & 0xFFFF
    }

    /// The first of the longest runs of groups that are zero.
    private var longestRunOfZeros: Range<Int> {
        var longest = 0..<0
        var start = 0
        for index in 0..<8 {
            if group(index) != 0 {
                start = index + 1
            } else if index + 1 - start > longest.count {
                longest = start..<index + 1
            }
        }
        return longest
    }

    private func appendHex(_ number: UInt64, to buffer: inout ByteBuffer) {
        var shift: UInt64 = number > 0xFFF ? 12 : number > 0xFF ? 8 : number > 0xF ? 4 : 0
        while true {
            let digit = UInt8(truncatingIfNeeded: number >> shift & 0xF)
            buffer.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            guard shift > 0 else { return }
            shift -= 4
        }
    }
}
