import Foundation
import Glibc
import Logging
import Telemetry
import Testing

/// Events as systemd's journal takes them.
@Suite("Journal socket")
struct JournalSocketTests {
    private let path = "/tmp/apus-journal-\(UUID().uuidString)"

    /// What stands in for journald.
    private func listen() throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        try #require(result == 0)
        return descriptor
    }

    private func logger(_ journal: JournalSocket, _ sink: Int32) -> Logger {
        Logger(label: "apus") { label in
            JournalLogHandler(
                label: label, sink: LogSink(descriptor: sink), journal: journal, format: .journal, colour: false,
                threshold: LogThreshold(.info))
        }
    }

    @Test("get message, priority and facts as fields, and none of it goes elsewhere")
    func fields() throws {
        let journald = try listen()
        defer {
            close(journald)
            unlink(path)
        }
        let logger = logger(try #require(JournalSocket(path: path)), -1)
        logger.warning("two\nlines", metadata: [".model": "di\ngits", "errno": "5", "a b=c": .stringConvertible(7)])
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(journald, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        let start = "MESSAGE=two\\nlines a_b_c=7 errno=5\nPRIORITY=4\nSYSLOG_IDENTIFIER=apus\nAPUS_MODEL\n"
        let wanted = Array(start.utf8) + [7, 0, 0, 0, 0, 0, 0, 0] + Array("di\ngits\nAPUS_A_B_C=7\nAPUS_ERRNO=5\n".utf8)
        #expect(Array(bytes.prefix(max(0, count))) == wanted)
    }

    @Test("an event that the journal does not take is a line with its priority")
    func fallback() throws {
        let journald = try listen()
        let journal = try #require(JournalSocket(path: path))
        close(journald)
        unlink(path)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        logger(journal, ends[1]).error("on its own")
        close(ends[1])
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = read(ends[0], &bytes, bytes.count)
        close(ends[0])
        #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "<3>on its own\n")
        #expect(JournalSocket(path: path) == nil)
    }
}
