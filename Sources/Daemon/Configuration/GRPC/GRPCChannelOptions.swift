/// Channel arguments of gRPC's C library, as far as they have a meaning here.
///
/// Source: grpc include/grpc/impl/channel_arg_names.h; TensorFlow Serving takes them as `NAME=VALUE,…` in `--grpc_channel_arguments`.
package struct GRPCChannelOptions: Sendable, Equatable {
    package var maxConcurrentStreams: Int?
    package var maxReceiveMessageBytes: Int?
    package var maxIdle: Duration?
    package var maxAge: Duration?
    package var maxAgeGrace: Duration?
    package var keepaliveTime: Duration?
    package var keepaliveTimeout: Duration?
    package var minPingInterval: Duration?
    package var permitsPingsWithoutCalls: Bool?

    static let known = [
        "grpc.max_concurrent_streams", "grpc.max_receive_message_length", "grpc.max_connection_idle_ms", "grpc.max_connection_age_ms",
        "grpc.max_connection_age_grace_ms", "grpc.keepalive_time_ms", "grpc.keepalive_timeout_ms",
        "grpc.http2.min_ping_interval_without_data_ms", "grpc.keepalive_permit_without_calls",
    ]

    init() {}

    /// Why a text is no list of arguments.
    struct Fault: Error {
        let reason: String
    }

    init(_ text: String?) throws(Fault) {
        for part in (text ?? "").split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2, let value = Int(pair[1]) else {
                throw Fault(reason: "has \"\(part)\"; expected NAME=NUMBER between commas")
            }
            try note(pair[0], value)
        }
    }

    private mutating func note(_ name: String, _ value: Int) throws(Fault) {
        // -1 stands for no limit, in the original.
        let positive = value > 0 ? min(value, Int(Int32.max)) : nil
        let duration = positive.map { Duration.milliseconds($0) }
        switch name {
        case "grpc.max_concurrent_streams": maxConcurrentStreams = positive
        case "grpc.max_receive_message_length": maxReceiveMessageBytes = positive ?? Int(Int32.max)
        case "grpc.max_connection_idle_ms": maxIdle = duration
        case "grpc.max_connection_age_ms": maxAge = duration
        case "grpc.max_connection_age_grace_ms": maxAgeGrace = duration
        case "grpc.keepalive_time_ms": keepaliveTime = duration
        case "grpc.keepalive_timeout_ms": keepaliveTimeout = duration
        case "grpc.http2.min_ping_interval_without_data_ms": minPingInterval = duration
        case "grpc.keepalive_permit_without_calls": permitsPingsWithoutCalls = value != 0
        default:
            throw Fault(
                reason: "has \"\(name)\", which is not known or has no meaning here; known are \(Self.known.joined(separator: ", "))")
        }
    }
}
