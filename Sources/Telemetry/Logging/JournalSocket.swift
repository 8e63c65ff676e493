import Glibc
import Logging
import Synchronization

/// Sends events to the systemd journal by its own protocol, one datagram an event with its facts as fields
/// (systemd.io/JOURNAL_NATIVE_PROTOCOL), so that `journalctl APUS_MODEL=digits` finds what was said of a model.
package final class JournalSocket: Sendable {
    private let descriptor: Int32
    private let path: String

    /// Where journald takes events.
    package static let standardPath = "/run/systemd/journal/socket"

    /// Nil where no journal takes events.
    package init?(path: String = standardPath) {
        guard access(path, W_OK) == 0 else { return nil }
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        self.path = path
    }

    deinit { close(descriptor) }

    /// - Returns: false when the journal has not taken the event, which then goes another way.
    func send(_ event: LogEvent, label: String, metadata: Logger.Metadata) -> Bool {
        let bytes = Self.bytes(event, label: label, metadata: metadata)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), target, length)
            }
        }
        return sent == bytes.count
    }

    /// The fields that every program has (systemd.journal-fields(7)), then the event's own under `APUS_`.
    static func bytes(_ event: LogEvent, label: String, metadata: Logger.Metadata) -> [UInt8] {
        var bytes: [UInt8] = []
        append("MESSAGE", LogLine.text(event, metadata: metadata), to: &bytes)
        append("PRIORITY", String(event.level.syslogPriority), to: &bytes)
        append("SYSLOG_IDENTIFIER", label, to: &bytes)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            append("APUS_" + name(key), String(value.description.unicodeScalars.prefix(maximumLength)), to: &bytes)
        }
        return bytes
    }

    /// So many characters of a value are kept; a datagram holds all of them.
    private static let maximumLength = 8 * 1024

    /// Letters, digits and underscores, which are all that names may have.
    private static func name(_ key: String) -> String {
        let letters = key.utf8.drop { $0 == UInt8(ascii: ".") }.prefix(48).map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            default: UInt8(ascii: "_")
            }
        }
        return String(decoding: letters, as: UTF8.self)
    }

    /// A value with line feeds goes with its length, as 64 bits in little-endian order.
    private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: name.utf8)
        if value.utf8.contains(UInt8(ascii: "\n")) {
            bytes.append(UInt8(ascii: "\n"))
            withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes.append(contentsOf: value.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }
}
