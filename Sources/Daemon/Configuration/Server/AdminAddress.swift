extension ValueKind where Value == ListenerEntry.Place? {
    /// Where one listener is, in one word.
    static var adminAddress: ValueKind {
        ValueKind(
            expected: "none, an address and a port such as 127.0.0.1:8502, unix:/path/of/the/socket, or systemd:NAME",
            parse: AdminAddress.parse)
    }
}

/// `127.0.0.1:8502`, `[::1]:8502`, `unix:/run/apus/admin.sock`, `systemd:admin`, or `none`.
enum AdminAddress {
    /// A socket file is open to the daemon's own user and group.
    private static let mode: UInt32 = 0o660

    /// - Returns: nil for what is none of these; a place that is nil for `none`.
    static func parse(_ text: String) -> ListenerEntry.Place?? {
        if text == "none" { return .some(nil) }
        if let path = rest(of: text, after: "unix:") { return path.isEmpty ? nil : .unix(path: path, mode: mode, group: nil) }
        if let name = rest(of: text, after: "systemd:") { return name.isEmpty ? nil : .systemd(name: name) }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        guard !host.isEmpty, isBracketed || !host.contains(":") else { return nil }
        return .tcp(host: String(host), port: port)
    }

    private static func rest(of text: String, after prefix: String) -> String? {
        text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
    }
}
