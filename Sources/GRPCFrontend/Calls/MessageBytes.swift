import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOCore

/// One message as the transport has it: received ones are read where they lie, sent ones are written once.
///
/// The bytes live as long as a copy of the value does, and do not move.
struct MessageBytes: Sendable {
    private enum Storage: Sendable {
        /// As gRPC's own transport has brought it.
        case transport(GRPCNIOTransportBytes)
        /// The readable bytes. Of a message that was made here the frame's head stands before them.
        case buffer(ByteBuffer)
    }

    private let storage: Storage

    /// The compressed flag, and the length in four bytes (grpc doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message").
    static let frameHeadByteCount = 5

    init(_ bytes: GRPCNIOTransportBytes) { storage = .transport(bytes) }

    /// A message that fills the readable bytes.
    init(received buffer: ByteBuffer) { storage = .buffer(buffer) }

    init(_ bytes: [UInt8]) {
        unsafe self.init(count: bytes.count) { target in unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) } }
    }

    /// A message of so many bytes, all of which `fill` writes.
    init(count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        var buffer = ByteBufferAllocator().buffer(capacity: Self.frameHeadByteCount + count)
        buffer.writeInteger(UInt8(0))
        buffer.writeInteger(UInt32(count))
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            unsafe fill(UnsafeMutableRawBufferPointer(rebasing: target[..<count]))
            return count
        }
        buffer.moveReaderIndex(to: Self.frameHeadByteCount)
        storage = .buffer(buffer)
    }

    var count: Int {
        switch storage {
        case .transport(let bytes): bytes.count
        case .buffer(let buffer): buffer.readableBytes
        }
    }

    /// The message with its head, as a frame of data holds it.
    ///
    /// - Precondition: it was made here.
    var frame: ByteBuffer {
        guard case .buffer(var buffer) = storage, buffer.readerIndex == Self.frameHeadByteCount else {
            preconditionFailure("a message that was received has no frame of its own")
        }
        buffer.moveReaderIndex(to: 0)
        return buffer
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch storage {
        case .transport(let bytes): try unsafe bytes.withUnsafeBytes { try unsafe body($0) }
        case .buffer(let buffer): try unsafe buffer.withUnsafeReadableBytes { try unsafe body($0) }
        }
    }

    fileprivate func converted<Bytes: GRPCContiguousBytes>() -> Bytes {
        if case .transport(let bytes) = storage, let own = bytes as? Bytes { return own }
        return unsafe withBytes { unsafe Bytes($0) }
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
