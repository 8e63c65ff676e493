import CPlatform
import NIOCore
import NIOHPACK
import NIOHTTP2
import ServableCore

/// Answers the calls of direct methods where their streams are read; every other stream passes to gRPC's library.
///
/// A call that is compressed, or has no message, passes as well. What comes is held against the limit by `MessageLengthGuard`, which
/// stands before it.
final class DirectCallHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private enum State {
        /// The head of the call is next.
        case fresh
        /// The stream is not ours.
        case passing
        /// The call's message is coming.
        case reading(DirectMethod, HPACKHeaders)
        /// The method has the message.
        case running(CallToken)
        case done
    }

    /// Bytes that a stream gets ahead of what has come.
    private static let reservedByteCount = 4 << 20

    private let methods: DirectMethods
    private var state = State.fresh
    /// What has come of the message, with its head.
    private var received = ByteBuffer()
    /// Ends the call when its client stops waiting; nil when the client does not say.
    private var timer: Scheduled<Void>?

    init(_ methods: DirectMethods) { self.methods = methods }

    // MARK: What comes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .passing: context.fireChannelRead(data)
        case .fresh: readHead(data, context)
        case .reading(let method, let head): read(unwrapInboundIn(data), method, head, context)
        // A stream that is reset is inactive next.
        case .running, .done: break
        }
    }

    private func readHead(_ data: NIOAny, _ context: ChannelHandlerContext) {
        guard case .headers(let frame) = unwrapInboundIn(data), !frame.endStream, let method = method(of: frame.headers) else {
            state = .passing
            return context.fireChannelRead(data)
        }
        state = .reading(method, frame.headers)
    }

    private func method(of head: HPACKHeaders) -> DirectMethod? {
        guard let path = head.first(name: ":path"), let method = methods.methods[path], head.first(name: ":method") == "POST",
            let type = head.first(name: "content-type"), type.hasPrefix("application/grpc"),
            head.first(name: "grpc-encoding").map({ $0 == "identity" }) ?? true
        else { return nil }
        return method
    }

    private func read(
        _ frame: HTTP2Frame.FramePayload, _ method: DirectMethod, _ head: HPACKHeaders, _ context: ChannelHandlerContext
    ) {
        switch frame {
        case .data(let content):
            if case .byteBuffer(let bytes) = content.data { append(bytes) }
            if content.endStream { finishReading(method, head, context) }
        // Trailers of a request say nothing.
        case .headers(let trailers) where trailers.endStream: finishReading(method, head, context)
        // Other frames do not concern the call.
        default: break
        }
    }

    private func append(_ bytes: ByteBuffer) {
        guard received.readableBytes > 0 else {
            received = bytes
            // Room for what is announced; of a long message only for its beginning, as the rest may never come.
            guard let length = bytes.getInteger(at: bytes.readerIndex + 1, as: UInt32.self), Int(length) > bytes.readableBytes else {
                return
            }
            let missing = Int(length) + MessageBytes.frameHeadByteCount - bytes.readableBytes
            return received.reserveCapacity(minimumWritableBytes: min(missing, Self.reservedByteCount))
        }
        received.writeImmutableBuffer(bytes)
    }

    private func finishReading(_ method: DirectMethod, _ head: HPACKHeaders, _ context: ChannelHandlerContext) {
        let message: ByteBuffer
        do throws(ServableError) { message = try takeMessage() } catch {
            method.meter.finished(error.code, nanoseconds: 0)
            return write(.failure(error), head, context)
        }
        let call = IncomingCall(
            MessageBytes(received: message), timeout: head.first(name: IncomingCall.timeoutKey), limit: methods.limit, methods.drain)
        state = .running(call.token)
        let loop = context.eventLoop, meter = method.meter, start = call.start, token = call.token
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        if let deadline = token.deadline {
            timer = loop.assumeIsolated().scheduleTask(in: .nanoseconds(max(0, deadline - start))) { [unowned self] in
                endLate(token, head, context)
            }
        }
        method.handle(call) { result in
            let result = result.mapError { $0.ofCall(token) }
            let code: StatusCode = if case .failure(let error) = result { error.code } else { .ok }
            meter.finished(code, nanoseconds: apus_monotonic_nanoseconds() - start)
            if loop.inEventLoop { return bound.value.0.finish(result, head, bound.value.1) }
            loop.execute { bound.value.0.finish(result, head, bound.value.1) }
        }
    }

    /// The one message of the call, without its head.
    private func takeMessage() throws(ServableError) -> ByteBuffer {
        var buffer = received
        received = ByteBuffer()
        guard let flag = buffer.readInteger(as: UInt8.self), let length = buffer.readInteger(as: UInt32.self) else {
            throw ServableError(.internal, "the call has no message")
        }
        guard flag == 0 else { throw ServableError(.internal, "the message is compressed, but the call names no grpc-encoding") }
        guard buffer.readableBytes == Int(length) else {
            throw ServableError(
                .internal, "the call has \(buffer.readableBytes) bytes behind its head, which announces one message of \(length)")
        }
        return buffer
    }

    // MARK: The time is over, or the client leaves

    /// The work goes on only as far as it cannot be stopped; what becomes of it is nobody's.
    private func endLate(_ token: CallToken, _ head: HPACKHeaders, _ context: ChannelHandlerContext) {
        guard case .running = state else { return }
        token.leave()
        write(.failure(ServableError(.deadlineExceeded, "the call's time was over before it was answered")), head, context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    private func leave() {
        timer?.cancel()
        if case .running(let token) = state { token.leave() }
        if case .passing = state { return }
        state = .done
    }

    // MARK: What goes

    private func finish(_ result: Result<MessageBytes, ServableError>, _ head: HPACKHeaders, _ context: ChannelHandlerContext) {
        // Nobody listens any more.
        guard case .running = state else { return }
        write(result, head, context)
    }

    private func write(_ result: Result<MessageBytes, ServableError>, _ head: HPACKHeaders, _ context: ChannelHandlerContext) {
        state = .done
        timer?.cancel()
        switch result {
        case .success(let message):
            write(.headers(.init(headers: DirectStatus.head(head))), context)
            write(.data(.init(data: .byteBuffer(message.frame))), context)
            write(.headers(.init(headers: DirectStatus.ok, endStream: true)), context)
        case .failure(let error):
            write(.headers(.init(headers: DirectStatus.failure(error, head), endStream: true)), context)
        }
        context.flush()
    }

    private func write(_ frame: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(frame), promise: nil)
    }

    /// What the library makes of a stream that it has never seen is nobody's.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .passing = state else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(data, promise: promise)
    }
}
