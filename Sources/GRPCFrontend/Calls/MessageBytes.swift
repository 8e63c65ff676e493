import GRPCCore
import GRPCNIOTransportHTTP2Posix

/// One message as the transport has it: received ones are read where they lie, sent ones are written once.
///
/// The bytes live as long as a copy of the value does, and do not move.
struct MessageBytes: Sendable {
    private let bytes: GRPCNIOTransportBytes

    init(_ bytes: GRPCNIOTransportBytes) { self.bytes = bytes }

    init(_ bytes: [UInt8]) { self.bytes = GRPCNIOTransportBytes(bytes) }

    /// A message of so many bytes, all of which `fill` writes.
    init(count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        var bytes = GRPCNIOTransportBytes(repeating: 0, count: count)
        unsafe bytes.withUnsafeMutableBytes { unsafe fill($0) }
        self.bytes = bytes
    }

    var count: Int { bytes.count }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try unsafe bytes.withUnsafeBytes { try unsafe body($0) }
    }

    fileprivate func converted<Bytes: GRPCContiguousBytes>() -> Bytes {
        if let own = bytes as? Bytes { return own }
        return unsafe bytes.withUnsafeBytes { unsafe Bytes($0) }
    }
}

/// Leaves messages as they are: each method reads its own, so that what is wrong in one has the method's own words.
struct MessageCoder: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: MessageBytes) -> Bytes { message.converted() }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) -> MessageBytes {
        if let own = bytes as? GRPCNIOTransportBytes { return MessageBytes(own) }
        return MessageBytes(unsafe bytes.withUnsafeBytes { unsafe Array($0) })
    }
}
