import Glibc

/// Where a daemon listens, of a URL such as `http://127.0.0.1:8501`.
struct HTTPAddress {
    let host: String
    let port: String

    init(url: String) throws(CommandFailure) {
        let prefix = "http://"
        guard url.hasPrefix(prefix) else {
            throw CommandFailure(.usage, "--url \(url): expected http://HOST:PORT; requests are replayed in clear text alone")
        }
        let authority = url.dropFirst(prefix.count).prefix { $0 != "/" }
        // An IPv6 address stands in brackets.
        let end =
            authority.hasPrefix("[") ? authority.firstIndex(of: "]").map { authority.index(after: $0) } : authority.firstIndex(of: ":")
        let name = authority[..<(end ?? authority.endIndex)], rest = authority[(end ?? authority.endIndex)...]
        host = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : String(name)
        port = rest.isEmpty ? "80" : String(rest.dropFirst())
        guard !host.isEmpty, rest.isEmpty || rest.hasPrefix(":"), UInt16(port) != nil else {
            throw CommandFailure(.usage, "--url \(url): expected http://HOST:PORT, such as http://127.0.0.1:8501")
        }
    }

    /// As in a `Host` field.
    var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// A connected socket, which the caller closes.
    func connect() throws(CommandFailure) -> Int32 {
        var hints = addrinfo(), list: UnsafeMutablePointer<addrinfo>?
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        let code = getaddrinfo(host, port, &hints, &list)
        guard code == 0 else { throw CommandFailure(.unavailable, "\(text) cannot be looked up: \(String(cString: gai_strerror(code)))") }
        defer { freeaddrinfo(list) }
        var failure: Int32 = 0
        var next = list
        while let address = next {
            let descriptor = socket(
                address.pointee.ai_family, address.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.ai_protocol)
            if descriptor >= 0 {
                if Glibc.connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 {
                    // Each request is sent whole: nothing is to be waited for.
                    var isOn: Int32 = 1
                    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
                    return descriptor
                }
                failure = errno
                close(descriptor)
            } else {
                failure = errno
            }
            next = address.pointee.ai_next
        }
        throw CommandFailure(
            .unavailable, "no daemon answers at \(text): \(String(cString: strerror(failure))); start one, or name it with --url")
    }
}
