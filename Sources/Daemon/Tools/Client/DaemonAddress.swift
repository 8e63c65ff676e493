import Glibc

/// Where a daemon listens: a URL such as `http://127.0.0.1:8501`, or the file of a Unix socket.
struct DaemonAddress: Sendable, Equatable {
    enum Endpoint: Sendable, Equatable {
        case tcp(host: String, port: String)
        case unix(path: String)
    }

    static let standardURL = "http://127.0.0.1:8501"
    private static let expected = "http://HOST:PORT, such as \(standardURL), or unix:/PATH for a Unix socket"

    let endpoint: Endpoint
    /// What follows the authority of the URL, with its slash; empty when nothing does.
    let path: String

    init(socket: String) { self.init(.unix(path: socket), path: "") }

    private init(_ endpoint: Endpoint, path: String) { (self.endpoint, self.path) = (endpoint, path) }

    init(url: String) throws(CommandFailure) {
        if url.hasPrefix("unix:/") {
            self.init(socket: String(url.dropFirst("unix:".count)))
            return
        }
        let prefix = "http://"
        guard url.hasPrefix(prefix) else {
            let hint = url.hasPrefix("https:") ? "; TLS is not spoken here: name a listener in clear text or the Unix socket" : ""
            throw CommandFailure(.usage, "--url \(url): expected \(Self.expected)\(hint)")
        }
        let rest = url.dropFirst(prefix.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        // An IPv6 address stands in brackets.
        let end =
            authority.hasPrefix("[") ? authority.firstIndex(of: "]").map { authority.index(after: $0) } : authority.firstIndex(of: ":")
        let name = authority[..<(end ?? authority.endIndex)], portText = authority[(end ?? authority.endIndex)...]
        let host = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : String(name)
        let port = portText.isEmpty ? "80" : String(portText.dropFirst())
        let path = String(rest.dropFirst(authority.count))
        let isPlain = path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard !host.isEmpty, portText.isEmpty || portText.hasPrefix(":"), UInt16(port) != nil, isPlain else {
            throw CommandFailure(.usage, "--url \(url): expected \(Self.expected)")
        }
        self.init(.tcp(host: host, port: port), path: path)
    }

    /// As in a `Host` field.
    var host: String {
        switch endpoint {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix: "localhost"
        }
    }

    var text: String {
        switch endpoint {
        case .tcp: host
        case .unix(let path): "unix:\(path)"
        }
    }

    /// A connected socket, which the caller closes.
    func connect() throws(CommandFailure) -> Int32 {
        switch endpoint {
        case .tcp(let host, let port): try connect(host, port)
        case .unix(let path): try connect(path)
        }
    }

    private func connect(_ path: String) throws(CommandFailure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw CommandFailure(.usage, "the path of a Unix socket has at most 107 bytes, \(path) has \(bytes.count)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw unreachable(errno) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw unreachable(code)
        }
        return descriptor
    }

    private func connect(_ host: String, _ port: String) throws(CommandFailure) -> Int32 {
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
        throw unreachable(failure)
    }

    private func unreachable(_ code: Int32) -> CommandFailure {
        let hint: String
        switch endpoint {
        case .tcp: hint = "start one, or name it with --url"
        case .unix where code == EACCES: hint = "run as a member of the socket's group"
        case .unix: hint = "start one, or name its socket as server.listeners does"
        }
        return CommandFailure(
            code == EACCES ? .noPermission : .unavailable, "no daemon answers at \(text): \(String(cString: strerror(code))); \(hint)")
    }
}
