import CPlatform
import Glibc

/// The listening sockets that the process was started with, by the rules of sd_listen_fds(3).
///
/// The service manager opens the sockets of a `.socket` unit, starts the service with them as descriptors 3, 4, … and
/// says so in the environment: `LISTEN_PID` is the process they are meant for, `LISTEN_FDS` how many there are, and
/// `LISTEN_FDNAMES` their names (`FileDescriptorName=`), parted by colons.
package enum InheritedSockets {
    /// The first descriptor handed over (SD_LISTEN_FDS_START).
    package static let firstDescriptor: Int32 = 3
    /// What a socket is called when no names are given.
    package static let unnamed = "unknown"

    /// Finds, checks and prepares the sockets handed over to this process; none when there are none, or when they are
    /// meant for another process.
    ///
    /// - Parameter environment: The process's own; what starts others should not pass these three variables on.
    package static func find(
        in environment: [String: String], processID: Int32 = getpid(), firstDescriptor: Int32 = firstDescriptor
    ) throws(SocketError) -> [InheritedSocket] {
        guard let listenPID = environment["LISTEN_PID"], let listenFDs = environment["LISTEN_FDS"] else { return [] }
        guard let target = Int32(listenPID), target > 0 else {
            throw wrong("LISTEN_PID", listenPID, "the number of a process")
        }
        guard target == processID else { return [] }
        guard let count = Int32(listenFDs), (0...maxCount).contains(count) else {
            throw wrong("LISTEN_FDS", listenFDs, "a number from 0 to \(maxCount)")
        }
        let names = try names(environment["LISTEN_FDNAMES"], count: Int(count))
        var sockets: [InheritedSocket] = []
        for (offset, name) in names.enumerated() {
            let socket = InheritedSocket(descriptor: firstDescriptor + Int32(offset), name: name)
            _ = try socket.prepare()
            sockets.append(socket)
        }
        return sockets
    }

    /// More than any unit has, and few enough for names in a message.
    private static let maxCount: Int32 = 1024

    private static func names(_ text: String?, count: Int) throws(SocketError) -> [String] {
        guard let text else { return Array(repeating: unnamed, count: count) }
        let names = count == 0 && text.isEmpty ? [] : text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard names.count == count else {
            throw wrong("LISTEN_FDNAMES", text, "as many names as LISTEN_FDS says, \(count), parted by colons")
        }
        return names
    }

    private static func wrong(_ variable: String, _ value: String, _ expected: String) -> SocketError {
        SocketError(
            .inherit, "the sockets of the service manager", errno: EINVAL,
            because: "\(variable) is \"\(value)\", expected \(expected); start the service by its .socket unit or unset the variable")
    }
}

/// A listening socket that another process has opened.
package struct InheritedSocket: Sendable, Hashable {
    package let descriptor: Int32
    /// `FileDescriptorName=` of its unit; several sockets may share one.
    package let name: String

    package init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// To listen on it; the server closes the descriptor in the end.
    package var address: ListenerAddress { .inherited(descriptor: descriptor, name: name) }

    /// Checks that this is a listening stream socket, makes it fit for a loop, and returns where it listens. May be called
    /// again.
    package func prepare() throws(SocketError) -> BoundAddress {
        var kind = apus_socket_kind()
        let result = unsafe apus_prepare_inherited(descriptor, &kind)
        switch -result {
        case let code where code <= 0: break
        case EBADF: throw failure(EBADF, "it is not open; compare LISTEN_FDS with the ListenStream= lines of the .socket unit")
        case ENOTSOCK: throw failure(ENOTSOCK, "it is not a socket; the .socket unit may have ListenStream= alone")
        case let code: throw SocketError(.inherit, subject, errno: code)
        }
        if kind.is_stream == 0 { throw failure(ESOCKTNOSUPPORT, "it is no stream socket; use ListenStream= in the .socket unit") }
        if kind.is_listening == 0 {
            throw failure(EINVAL, "it does not listen; the .socket unit has to say Accept=no, which is the default")
        }
        return BoundAddress(try endpoint(isUnix: kind.is_unix != 0), inheritedName: name)
    }

    private func endpoint(isUnix: Bool) throws(SocketError) -> BoundAddress.Endpoint {
        var address = apus_address()
        let result = unsafe apus_local_address(descriptor, &address)
        guard result >= 0 else { throw SocketError(.inspect, subject, errno: -result) }
        if isUnix {
            guard let path = address.unixPath else {
                throw failure(EADDRNOTAVAIL, "an abstract name lets every process of the machine in; give ListenStream= a path")
            }
            return .unix(path: path)
        }
        guard let text = address.text else {
            throw failure(EAFNOSUPPORT, "it is of another family than IPv4, IPv6 and Unix; change ListenStream= in the .socket unit")
        }
        return .tcp(host: text.host, port: text.port)
    }

    private var subject: String { "descriptor \(descriptor) (\"\(name)\")" }

    private func failure(_ errno: Int32, _ explanation: String) -> SocketError {
        SocketError(.inherit, subject, errno: errno, because: explanation)
    }
}

extension apus_address {
    /// The path of a Unix socket; nil for other families and for sockets without a file.
    fileprivate var unixPath: String? {
        var copy = self
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { text in
            guard unsafe apus_unix_path(&copy, text.baseAddress, text.count) == 0, let start = text.baseAddress else { return nil }
            return unsafe String(cString: start)
        }
    }
}
