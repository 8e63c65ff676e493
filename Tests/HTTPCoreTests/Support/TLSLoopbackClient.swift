import COpenSSL
import Dispatch
import Glibc
import HTTPCore

/// A client of TLS on a real socket that blocks, on a thread of its own; one caller at a time.
final class TLSLoopbackClient: @unchecked Sendable {
    private let client: TLSClient
    private let queue = DispatchQueue(label: "apus.test.tls-client")

    init(
        _ address: BoundAddress, _ options: TLSClient.Options = TLSClient.Options(), receiveBufferByteCount: Int32? = nil
    ) throws {
        var target = SocketAddress(address)
        let descriptor = socket(target.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        client = try TLSClient(over: descriptor, options)
        // Nothing here may hang a test run for ever.
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if var count = receiveBufferByteCount {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &count, socklen_t(MemoryLayout<Int32>.size))
        }
        try target.check(target.withRaw { connect(descriptor, $0, $1) }, "a test's connection to \(address)")
    }

    var serverName: String { client.serverName }
    var received: [UInt8] { client.received }

    func shakeHands() async -> TLSClient.Outcome { await onThread { self.client.shakeHands() } }

    func send(_ text: String) async { await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async {
        await onThread {
            var sent = 0
            while sent < bytes.count {
                let (count, outcome) = self.client.write(bytes[sent...])
                guard outcome == .done else { return }
                sent += count
            }
        }
    }

    /// Reads until there are `count` responses or the connection ends.
    func responses(_ count: Int) async -> [ResponseReader.Response] {
        await onThread {
            while true {
                let reader = ResponseReader(self.client.received)
                if reader.final.count >= count, reader.fault == nil { return reader.final }
                guard self.client.read() == .done else { return reader.final }
            }
        }
    }

    /// Reads until the connection ends; answers how.
    func receiveToEnd() async -> TLSClient.Outcome {
        await onThread {
            while true {
                let outcome = self.client.read()
                if outcome != .done { return outcome }
            }
        }
    }

    private func onThread<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
