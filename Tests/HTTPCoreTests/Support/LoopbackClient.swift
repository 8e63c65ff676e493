import Dispatch
import Glibc
import HTTPCore

/// A client on a real socket. What may block runs on a thread of its own, for the tests' own pool is small; one caller
/// at a time.
final class LoopbackClient: @unchecked Sendable {
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "apus.test.client")
    private(set) var received: [UInt8] = []
    private(set) var hasEnded = false
    private(set) var wasReset = false

    private let address: BoundAddress

    /// A socket that `connect` connects later. Like every descriptor here it stays out of the processes that tests start.
    init(unconnectedTo address: BoundAddress) {
        self.address = address
        descriptor = socket(SocketAddress(address).family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // Nothing here may hang a test run for ever.
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    /// - Parameters:
    ///   - source: The address to come from, for a server on IPv4.
    ///   - receiveBufferByteCount: A small one makes a slow reader.
    convenience init(_ address: BoundAddress, from source: String? = nil, receiveBufferByteCount: Int32? = nil) throws {
        self.init(unconnectedTo: address)
        if var count = receiveBufferByteCount {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &count, socklen_t(MemoryLayout<Int32>.size))
        }
        if let source {
            var own = SocketAddress(BoundAddress(host: source, port: 0))
            try own.check(own.withRaw { bind(descriptor, $0, $1) }, "a test's source \(source)")
        }
        try connect()
    }

    func connect() throws(SocketError) {
        var target = SocketAddress(address)
        try target.check(target.withRaw { Glibc.connect(descriptor, $0, $1) }, "a test's connection to \(address)")
    }

    deinit { close(descriptor) }

    func send(_ text: String) async { await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async { await onThread { self.sendNow(bytes) } }

    /// Sends on the caller's thread.
    func sendNow(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Leaves at once, with nothing sent properly: connecting to nowhere resets the connection (connect(2)).
    func reset() {
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        Glibc.connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Makes the end of this client a reset.
    func resetOnClose() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    /// Reads until there are `count` responses or the connection ends.
    func responses(_ count: Int, methods: [String] = []) async -> [ResponseReader.Response] {
        await onThread { self.responsesNow(count, methods: methods) }
    }

    /// Reads on the caller's thread.
    func responsesNow(_ count: Int, methods: [String] = []) -> [ResponseReader.Response] {
        while true {
            let reader = ResponseReader(received, methods: methods)
            if reader.final.count >= count, reader.fault == nil { return reader.final }
            guard receive() else { return reader.final }
        }
    }

    func receiveToEnd() async {
        await onThread { while self.receive() {} }
    }

    /// Reads once; answers whether bytes came.
    private func receive() -> Bool {
        var space = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &space, space.count, 0)
        if count > 0 {
            received += space[..<count]
            return true
        }
        hasEnded = true
        wasReset = count < 0
        return false
    }

    private func onThread<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
