import Foundation
import Glibc
import Testing

/// What systemd listens with (sd_notify(3)).
struct NotifySocket: ~Copyable, Sendable {
    let path = "/tmp/apus-notify-\(UUID().uuidString)"
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                bind(descriptor, target, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Takes messages until one is `last`, and returns them with it; fails when it does not come in time.
    func messages(upTo last: String) async throws -> [String] {
        var messages: [String] = []
        let end = ContinuousClock.now + .seconds(20)
        while messages.last != last {
            if let message = take() {
                messages.append(message)
            } else {
                try #require(ContinuousClock.now < end, "\"\(last)\" never came, but \(messages)")
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        return messages
    }

    /// A message that has come.
    private func take() -> String? {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
