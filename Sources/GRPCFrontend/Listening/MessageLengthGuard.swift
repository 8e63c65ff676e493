import NIOCore
import NIOHPACK
import NIOHTTP2
import ServableCore

/// Refuses a message over the limit as soon as its length is known, with a status: the transport behind would only reset the stream,
/// which clients take for a cancellation.
///
/// Stands before gRPC's own handler of a stream and lets everything else pass.
final class MessageLengthGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let limit: Int
    /// Bytes of the present message that are still to come; 0: its head is next.
    private var remaining = 0
    /// What has come of the head: the compressed flag, and the length in four bytes.
    private var head: [UInt8] = []
    private var hasRefused = false

    init(limit: Int) { self.limit = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasRefused else { return }
        if case .data(let content) = unwrapInboundIn(data), case .byteBuffer(let buffer) = content.data, let length = excess(in: buffer) {
            return refuse(length, context)
        }
        context.fireChannelRead(data)
    }

    /// What gRPC's handler makes of a stream that was refused.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !hasRefused else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(data, promise: promise)
    }

    /// The length of a message that is too long; nil when there is none so far.
    private func excess(in buffer: ByteBuffer) -> Int? {
        var position = buffer.readerIndex
        while position < buffer.writerIndex {
            guard remaining == 0 else {
                let taken = min(remaining, buffer.writerIndex - position)
                remaining -= taken
                position += taken
                continue
            }
            guard let byte = buffer.getInteger(at: position, as: UInt8.self) else { return nil }
            head.append(byte)
            position += 1
            guard head.count == MessageBytes.frameHeadByteCount else { continue }
            remaining = head.dropFirst().reduce(0) { $0 << 8 | Int($1) }
            head.removeAll(keepingCapacity: true)
            if remaining > limit { return remaining }
        }
        return nil
    }

    /// Answers by trailers alone, and asks the client to send no more (RFC 9113 §8.1).
    private func refuse(_ length: Int, _ context: ChannelHandlerContext) {
        hasRefused = true
        let error = ServableError(
            .resourceExhausted, "a message of \(length) bytes is over the limit of \(limit) (grpc.max_message_bytes)")
        let trailers = DirectStatus.failure(error, HPACKHeaders())
        context.write(wrapOutboundOut(.headers(.init(headers: trailers, endStream: true))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.rstStream(.noError)), promise: nil)
    }
}
