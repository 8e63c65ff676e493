import CPlatform
import GRPCCore
import ModelServing
import ServableCore
import SwiftProtobuf

/// The methods that a server offers.
struct MethodTable {
    typealias Transport = GRPCListenerTransport

    let environment: CallEnvironment
    private(set) var router = RPCRouter<Transport>()
    private var directMethods: [String: DirectMethod] = [:]

    /// The methods that are answered without a task of the library's.
    var direct: DirectMethods {
        DirectMethods(methods: directMethods, limit: environment.configuration.requestTimeout, drain: environment.drain)
    }

    init(_ environment: CallEnvironment) { self.environment = environment }

    /// Adds a method of one message each way.
    mutating func addUnary(
        _ service: String, _ method: String, _ handle: @escaping @Sendable (IncomingCall) async throws(ServableError) -> MessageBytes
    ) {
        let environment = environment, meter = environment.meters.meter(of: "\(service)/\(method)")
        router.registerHandler(
            forMethod: MethodDescriptor(fullyQualifiedService: service, method: method, type: .unary),
            deserializer: MessageCoder(), serializer: MessageCoder()
        ) { request, context in
            let metadata = request.metadata
            let single: ServerRequest<MessageBytes>
            do {
                single = try await ServerRequest(stream: request)
            } catch {
                meter.finished(StatusCode(error), nanoseconds: 0)
                throw error
            }
            let call = IncomingCall(
                single.message, metadata, context, limit: environment.configuration.requestTimeout, environment.drain)
            do throws(ServableError) {
                let message = try await handle(call)
                meter.finished(.ok, nanoseconds: apus_monotonic_nanoseconds() - call.start)
                return StreamingServerResponse(
                    single: ServerResponse(message: message, metadata: CallIdentity.echo(metadata)))
            } catch {
                let error = error.ofCall(call.token)
                meter.finished(error.code, nanoseconds: apus_monotonic_nanoseconds() - call.start)
                var status = RPCError(error)
                status.metadata = CallIdentity.echo(metadata)
                return StreamingServerResponse(error: status)
            }
        }
    }

    /// Adds a method of one message each way whose calls are answered where they are read; the library carries those that are
    /// compressed.
    mutating func addDirect(
        _ service: String, _ method: String, _ handle: @escaping @Sendable (IncomingCall, @escaping CallCompletion) -> Void
    ) {
        addUnary(service, method) { call throws(ServableError) in try await awaitingCompletion { handle(call, $0) } }
        let path = "/\(service)/\(method)"
        directMethods[path] = DirectMethod(handle: handle, meter: environment.meters.meter(of: "\(service)/\(method)"))
    }

    /// The same for messages that have generated code.
    mutating func addUnary<Request: Message, Response: Message>(
        _ service: String, _ method: String, _: Request.Type,
        _ handle: @escaping @Sendable (Request, IncomingCall) async throws(ServableError) -> Response
    ) {
        addUnary(service, method) { call throws(ServableError) in
            let request: Request
            do {
                request = try call.message.read()
            } catch {
                throw .unreadable(Request.protoMessageName, "\(error)")
            }
            return try MessageBytes(writing: try await handle(request, call))
        }
    }

    /// Adds a method that reads and writes messages as it likes, until it returns.
    mutating func addStreaming(
        _ service: String, _ method: String, _ type: MethodDescriptor.RPCType,
        _ handle: @escaping @Sendable (StreamingServerRequest<MessageBytes>, StreamContext) async throws -> Void
    ) {
        let environment = environment, meter = environment.meters.meter(of: "\(service)/\(method)")
        router.registerHandler(
            forMethod: MethodDescriptor(fullyQualifiedService: service, method: method, type: type),
            deserializer: MessageCoder(), serializer: MessageCoder()
        ) { request, context in
            let start = apus_monotonic_nanoseconds()
            return StreamingServerResponse(metadata: CallIdentity.echo(request.metadata)) { writer in
                do {
                    try await handle(request, StreamContext(context: context, writer: writer))
                    meter.finished(.ok, nanoseconds: apus_monotonic_nanoseconds() - start)
                    return [:]
                } catch let error as ServableError {
                    meter.finished(error.code, nanoseconds: apus_monotonic_nanoseconds() - start)
                    throw RPCError(error)
                } catch {
                    meter.finished(StatusCode(error), nanoseconds: apus_monotonic_nanoseconds() - start)
                    throw error
                }
            }
        }
    }
}

/// What the handler of a stream has beside its messages.
struct StreamContext: Sendable {
    let context: ServerContext
    private let writer: RPCWriter<MessageBytes>

    init(context: ServerContext, writer: RPCWriter<MessageBytes>) {
        self.context = context
        self.writer = writer
    }

    func write(_ message: MessageBytes) async throws { try await writer.write(message) }

    /// The same for a message that has generated code.
    func write(_ message: some Message) async throws { try await writer.write(try MessageBytes(writing: message)) }
}

extension MessageBytes {
    func read<Request: Message>() throws -> Request {
        try unsafe withBytes { unsafe try Request(serializedBytes: $0.bytes) }
    }

    init(writing message: some Message) throws(ServableError) {
        do {
            let bytes: [UInt8] = try message.serializedBytes()
            self.init(bytes)
        } catch {
            throw ServableError(.internal, "a response could not be written: \(error)")
        }
    }
}

extension ServableError {
    /// For a message that is no message of its type: as grpc's own servers say it.
    static func unreadable(_ type: String, _ reason: String) -> ServableError {
        ServableError(.internal, "the request is no \(type): \(reason)")
    }
}

extension StatusCode {
    /// Of an error that gRPC itself has made.
    init(_ error: any Error) {
        self = (error as? RPCError).flatMap { StatusCode(rawValue: $0.code.rawValue) } ?? .unknown
    }
}
