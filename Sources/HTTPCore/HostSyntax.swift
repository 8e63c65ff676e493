import Glibc

/// The syntax of `Host` and of the authority of an absolute target: uri-host [ ":" port ] (RFC 9112 §3.2, RFC 3986 §3.2).
enum HostSyntax {
    /// Whether `bytes` is a host that is not empty, with an optional port. User information is no part of it.
    static func isValid(_ bytes: Span<UInt8>) -> Bool {
        guard !bytes.isEmpty else { return false }
        let hostEnd: Int
        if bytes[0] == UInt8(ascii: "[") {
            guard let close = firstIndex(of: UInt8(ascii: "]"), in: bytes),
                isIPv6(bytes.extracting(1..<close))
            else { return false }
            hostEnd = close + 1
        } else {
            hostEnd = firstIndex(of: UInt8(ascii: ":"), in: bytes) ?? bytes.count
            guard hostEnd > 0, isRegisteredName(bytes.extracting(0..<hostEnd)) else { return false }
        }
        guard hostEnd < bytes.count else { return true }
        return bytes[hostEnd] == UInt8(ascii: ":") && isPort(bytes.extracting((hostEnd + 1)...))
    }

    /// Zero to five digits: an empty port means the scheme's own.
    private static func isPort(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count <= 5 else { return false }
        var number = 0
        for index in bytes.indices {
            guard isDigit(bytes[index]) else { return false }
            number = number * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        return number <= 65535
    }

    private static func isRegisteredName(_ bytes: Span<UInt8>) -> Bool {
        ByteSet.registeredName.endOfRun(in: bytes, bytes.indices) == bytes.count && PercentEncoding.isWellFormed(bytes)
    }

    /// Up to eight groups of one to four hex digits, "::" at most once for missing ones, perhaps an IPv4 address last.
    static func isIPv6(_ bytes: Span<UInt8>) -> Bool {
        var groups = 0
        var hasGap = false
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: ":") {
                guard at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: ":"), !hasGap else { return false }
                hasGap = true
                at += 2
                continue
            }
            let start = at
            while at < bytes.count, hexDigitValue(bytes[at]) != nil { at += 1 }
            if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
                guard isIPv4(bytes.extracting(start...)) else { return false }
                groups += 2
                at = bytes.count
                break
            }
            guard (1...4).contains(at - start) else { return false }
            groups += 1
            if at < bytes.count {
                guard bytes[at] == UInt8(ascii: ":") else { return false }
                // A single colon is consumed; a double one is left for the gap above.
                if at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: ":") { continue }
                at += 1
                guard at < bytes.count else { return false }
            }
        }
        return hasGap ? groups <= 7 : groups == 8
    }

    private static func isIPv4(_ bytes: Span<UInt8>) -> Bool {
        var parts = 0
        var digits = 0
        var number = 0
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: ".") {
                guard digits > 0 else { return false }
                parts += 1
                digits = 0
                number = 0
            } else {
                guard isDigit(bytes[index]), digits < 3 else { return false }
                number = number * 10 + Int(bytes[index] - UInt8(ascii: "0"))
                digits += 1
                guard number <= 255 else { return false }
            }
        }
        return parts == 3 && digits > 0
    }
}

func firstIndex(of byte: UInt8, in bytes: Span<UInt8>, from start: Int = 0) -> Int? {
    guard start < bytes.count else { return nil }
    return unsafe bytes.withUnsafeBufferPointer { all in
        // start < count, so the buffer is not empty and the search stays inside it.
        guard let base = all.baseAddress, let found = unsafe memchr(base + start, Int32(byte), all.count - start) else {
            return nil
        }
        return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
}
