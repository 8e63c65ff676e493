import Daemon
import HTTPCore
import Testing

/// What the section `server` says about listeners, TLS, compression, the access log and limits.
@Suite("Configuration of the server")
struct ServerConfigurationTests {
    @Test("reads listeners, TLS, compression, the access log and limits, paths counted from the file's folder")
    func everything() throws {
        let yaml = """
            server:
              address: none
              tls: {certificate: tls/chain.pem, key: /etc/key.pem, client_ca: tls/ca.pem, client_verification: optional,
                    strict_transport_security: 24h}
              listeners:
                - {address: "::1", port: 8502, tls: false}
                - {unix: run/apus.sock, mode: "0600", group: staff}
                - {unix: /run/b.sock}
                - {systemd: http}
              compression: {threshold: 1KiB, level: 6}
              access_log: {destination: log/access.log, format: json, sample: 100, user_agent: false, buffer: 1MiB}
              limits: {max_requests_in_flight: 32}
            engine: {inline_budget: 0us}
            """
        let (configuration, folder) = try ConfigurationTesting.load(yaml)
        let server = configuration.server
        #expect(server.address == nil)
        #expect(
            server.tls
                == TLSConfiguration(
                    certificateFile: folder + "/tls/chain.pem", keyFile: "/etc/key.pem", clientCAFile: folder + "/tls/ca.pem",
                    clientVerification: .optional))
        #expect(server.strictTransportSecurity == .seconds(86_400))
        #expect(
            server.listeners.map(\.place) == [
                .tcp(host: "::1", port: 8502), .unix(path: folder + "/run/apus.sock", mode: 0o600, group: "staff"),
                .unix(path: "/run/b.sock", mode: 0o660, group: nil), .systemd(name: "http"),
            ])
        #expect(server.listeners.map(\.isEncrypted) == [false, nil, nil, nil])
        #expect(server.limits.compressionThresholdBytes == 1024 && server.limits.compressionLevel == 6)
        #expect(
            server.accessLog
                == AccessLogConfiguration(
                    destination: .file(path: folder + "/log/access.log"), format: .json, sampling: .oneOf(100),
                    includesUserAgent: false, maxBufferedBytes: 1 << 20))
        #expect(server.limits.maxRequestsInFlight == 32)
        #expect(configuration.engine.inlineBudget == .zero)
    }

    @Test(
        "the access log may go to a stream",
        arguments: [("stdout", AccessLogConfiguration.Destination.standardOutput), ("stderr", .standardError)])
    func streams(name: String, destination: AccessLogConfiguration.Destination) throws {
        let configuration = try ConfigurationTesting.load("server: {access_log: {destination: \(name)}}").configuration
        #expect(configuration.server.accessLog == AccessLogConfiguration(destination: destination))
    }

    @Test("files of TLS may be credentials that systemd hands over")
    func credentials() throws {
        let yaml = "model_root: m\nserver: {tls: {certificate: /etc/c.pem, key: \"credential:tls.key\"}}"
        let server = try ConfigurationTesting.load(yaml, environment: ["CREDENTIALS_DIRECTORY": "/run/credentials/apus.service"])
            .configuration.server
        #expect(server.tls?.keyFile == "/run/credentials/apus.service/tls.key" && server.tls?.certificateFile == "/etc/c.pem")
        let missing = ConfigurationTesting.problems(yaml)
        #expect(missing.count == 1 && missing[0].contains("add LoadCredential=tls.key:/path/of/the/file to the unit"))
        let path = ConfigurationTesting.problems(
            yaml.replacing("tls.key", with: "../tls.key"), environment: ["CREDENTIALS_DIRECTORY": "/run/credentials/apus.service"])
        #expect(path.count == 1 && path[0].contains("expected credential:NAME, a name without /"))
    }

    @Test(
        "the listener for operators is an address, a socket file, or a socket handed over",
        arguments: [
            ("none", nil), ("127.0.0.1:8502", .tcp(host: "127.0.0.1", port: 8502)), ("[::1]:0", .tcp(host: "[::1]", port: 0)),
            ("unix:/run/a", .unix(path: "/run/a", mode: 0o660, group: nil)), ("systemd:ops", .systemd(name: "ops")),
        ] as [(String, ListenerEntry.Place?)])
    func admin(text: String, place: ListenerEntry.Place?) throws {
        #expect(try ConfigurationTesting.load("model_root: m\nserver: {admin: \"\(text)\"}").configuration.server.admin == place)
    }

    @Test(
        "another listener for operators is refused",
        arguments: ["8502", "localhost", "::1:8502", ":1", "h:65536", "unix:", "systemd:", "h:x"])
    func refusedAdmin(text: String) {
        let problems = ConfigurationTesting.problems("model_root: m\nserver: {admin: \"\(text)\"}")
        #expect(problems.count == 1 && problems[0].contains("server.admin: found \"\(text)\"; expected none, an address and a port"))
    }

    @Test("what does not fit together is refused with its place", arguments: refused)
    func refuses(refused: Refused) throws {
        do {
            _ = try ConfigurationTesting.load("server: {\(refused.server)}")
            Issue.record("\(refused.server) was taken")
        } catch let refusal as ConfigurationTesting.Refusal {
            #expect(refusal.problems == [refused.problem])
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let server: String
        let problem: String
        var testDescription: String { server }

        init(_ server: String, _ problem: String) {
            self.server = server
            self.problem = problem
        }
    }

    static let refused: [Refused] = [
        Refused(
            "address: none",
            "@/apus.yaml:1:19: server.address: is none, and server.listeners is empty; then nobody could reach the daemon"),
        Refused("tls: {certificate: a.pem}", "@/apus.yaml:1:29: server.tls: needs both certificate and key"),
        Refused("tls: {key: a.key}", "@/apus.yaml:1:21: server.tls: needs both certificate and key"),
        Refused(
            "tls: {client_ca: a.pem}",
            "@/apus.yaml:1:27: server.tls: says how to verify clients, but has no certificate and key of the server's own"),
        Refused(
            "tls: {certificate: a.pem, key: a.key, client_verification: required}",
            "@/apus.yaml:1:69: server.tls.client_verification: is required, but server.tls.client_ca names no authorities to verify "
                + "clients by"),
        Refused(
            "tls: {client_verification: maybe}",
            "@/apus.yaml:1:37: server.tls.client_verification: found \"maybe\"; expected one of none, optional, required"),
        Refused("tls: {certifcate: a.pem}", "@/apus.yaml:1:28: server.tls.certifcate: unknown key; did you mean \"certificate\"?"),
        Refused(
            "listeners: {}",
            "@/apus.yaml:1:21: server.listeners: found a map; expected a list of listeners, each with address and port, unix, or systemd"),
        Refused("listeners: [{port: 1}]", "@/apus.yaml:1:22: server.listeners[0]: needs exactly one of address, unix and systemd"),
        Refused(
            "listeners: [{address: a, unix: b}]", "@/apus.yaml:1:22: server.listeners[0]: needs exactly one of address, unix and systemd"),
        Refused("listeners: [{address: a}]", "@/apus.yaml:1:22: server.listeners[0]: has an address but no port"),
        Refused(
            "listeners: [{address: a, port: x}]",
            "@/apus.yaml:1:41: server.listeners[0].port: found \"x\"; expected a port from 0 to 65535"),
        Refused(
            "listeners: [{address: a, port: 1, tls: true}]",
            "@/apus.yaml:1:22: server.listeners[0]: asks for TLS, but server.tls has no certificate"),
        Refused(
            "listeners: [{unix: a, mode: 9}]",
            "@/apus.yaml:1:38: server.listeners[0].mode: found \"9\"; expected permissions as three or four octal digits in quotes, such "
                + "as \"0660\""),
        Refused(
            "listeners: [{unix: a, tls: true}]",
            "@/apus.yaml:1:37: server.listeners[0].tls: does not belong to a listener with unix; remove \"tls\""),
        Refused(
            "listeners: [{systemd: http, tlss: true}]", "@/apus.yaml:1:44: server.listeners[0].tlss: unknown key; did you mean \"tls\"?"),
        Refused(
            "access_log: {format: xml}",
            "@/apus.yaml:1:31: server.access_log.format: found \"xml\"; expected one of text, json"),
        Refused(
            "compression: {level: 0}",
            "@/apus.yaml:1:31: server.compression.level: found \"0\"; expected a whole number from 1 to 9"),
    ]
}
