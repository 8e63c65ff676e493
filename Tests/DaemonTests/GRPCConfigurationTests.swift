import Daemon
import HTTPCore
import Testing

/// The section `grpc` and the flags that mean the same.
@Suite("gRPC configuration")
struct GRPCConfigurationTests {
    @Test("gRPC is not offered unless a port or a socket asks for it")
    func off() throws {
        #expect(try ConfigurationTesting.load("model_root: /m").configuration.grpc == nil)
        #expect(try ConfigurationTesting.load("model_root: /m", flags: ["port": "0"]).configuration.grpc == nil)
    }

    @Test("TensorFlow Serving's flags set the keys that mean the same")
    func flags() throws {
        let grpc = try ConfigurationTesting.load(
            "model_root: /m",
            flags: [
                "port": "8500", "grpc_socket_path": "s.sock", "grpc_max_threads": "4000", "enable_grpc_healthcheck_service": "false",
                "enable_serialization_as_tensor_content": "true",
                "grpc_channel_arguments": "grpc.max_concurrent_streams=7,grpc.max_connection_age_ms=2000",
            ]
        ).configuration.grpc
        #expect(grpc?.tcp == .tcp(host: "127.0.0.1", port: 8500))
        #expect(grpc?.unix == .unix(path: "/work-folder/s.sock"))
        #expect(grpc?.loopCount == 256)
        #expect(grpc?.offersHealth == false)
        #expect(grpc?.writesTensorContent == true)
        #expect(grpc?.channel.maxConcurrentStreams == 7)
        #expect(grpc?.channel.maxAge == .seconds(2))
        #expect(grpc?.certificates == nil)
    }

    @Test("the certificates are the server's, unless they are not wanted or the flag names others")
    func certificates() throws {
        let tls = "server: {tls: {certificate: c.pem, key: k.pem}}\nmodel_root: /m\n"
        #expect(try ConfigurationTesting.load(tls + "grpc: {port: 1}").configuration.grpc?.certificates == .server)
        #expect(try ConfigurationTesting.load(tls + "grpc: {port: 1, tls: false}").configuration.grpc?.certificates == nil)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let name: String
        let yaml: String
        let problem: String
        var testDescription: String { name }
    }

    static let refused: [Refused] = [
        Refused(name: "an argument that is not known", yaml: "grpc: {port: 1, channel_options: \"grpc.nope=1\"}", problem: "grpc.nope"),
        Refused(name: "an argument without number", yaml: "grpc: {port: 1, channel_options: \"x\"}", problem: "expected NAME=NUMBER"),
        Refused(
            name: "a port without address", yaml: "server: {address: none, listeners: [{unix: /s}]}\ngrpc: {port: 1}",
            problem: "has no address"),
        Refused(name: "a port out of range", yaml: "grpc: {port: 70000}", problem: "expected a whole number from 0 to 65535"),
        Refused(name: "a file of certificates that is not there", yaml: "grpc: {port: 1, ssl_config: /nope}", problem: "/nope"),
    ]

    @Test("what is wrong is refused by its name", arguments: refused)
    func refuses(refused: Refused) throws {
        let problems = ConfigurationTesting.problems(refused.yaml + "\nmodel_root: /m")
        #expect(problems.contains { $0.contains(refused.problem) }, "\(problems)")
    }
}
