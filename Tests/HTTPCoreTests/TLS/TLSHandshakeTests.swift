import COpenSSL
import HTTPCore
import Testing

/// What the server agrees to, and what it refuses, asked by OpenSSL's client.
@Suite("TLS handshake", .timeLimit(.minutes(1)))
struct TLSHandshakeTests {
    private static let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let version11 = TLS1_1_VERSION...TLS1_1_VERSION
    private static let version12 = TLS1_2_VERSION...TLS1_2_VERSION
    private static let version13 = TLS1_3_VERSION...TLS1_3_VERSION

    struct Accepted: Sendable, CustomTestStringConvertible {
        var name: String
        var server = "server-ec"
        var options = TLSClient.Options()
        var version: String
        var cipher: String
        var protocolName: String? = "http/1.1"
        var testDescription: String { name }
    }

    static let accepted: [Accepted] = [
        Accepted(name: "the newest version when both know it", version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384"),
        Accepted(
            name: "1.3 with RSA", server: "server-rsa", options: .init(versions: version13), version: "TLSv1.3",
            cipher: "TLS_AES_256_GCM_SHA384"),
        Accepted(
            name: "1.2 with ECDSA", options: .init(versions: version12), version: "TLSv1.2",
            cipher: "ECDHE-ECDSA-AES256-GCM-SHA384"),
        Accepted(
            name: "1.2 with RSA, and our preference though the client has another", server: "server-rsa",
            options: .init(versions: version12, ciphers: "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"),
            version: "TLSv1.2", cipher: "ECDHE-RSA-AES256-GCM-SHA384"),
        Accepted(
            name: "ChaCha20 for a client that puts it first",
            options: .init(versions: version12, ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384"),
            version: "TLSv1.2", cipher: "ECDHE-ECDSA-CHACHA20-POLY1305"),
        Accepted(
            name: "P-384", options: .init(versions: version13, groups: "P-384"), version: "TLSv1.3",
            cipher: "TLS_AES_256_GCM_SHA384"),
        Accepted(
            name: "a client without ALPN", options: .init(protocols: []), version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384",
            protocolName: nil),
        Accepted(
            name: "a client that prefers h2 and knows http/1.1", options: .init(protocols: ["h2", "http/1.1"]), version: "TLSv1.3",
            cipher: "TLS_AES_256_GCM_SHA384"),
    ]

    @Test("agrees on versions, ciphers and protocols that are sound, and serves over them", arguments: accepted)
    func accepts(_ accepted: Accepted) throws {
        let link = try TLSLink(.fixture(accepted.server), accepted.options)
        #expect(link.shakeHands() == .done)
        #expect(link.client.version == accepted.version)
        #expect(link.client.cipher == accepted.cipher)
        #expect(link.client.protocolName == accepted.protocolName)
        #expect(link.client.serverName == accepted.server)
        link.send(Self.get)
        #expect(link.responses(1).map(\.text) == ["hello\n"])
        #expect(link.statistics.failedHandshakes == 0)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        var server = "server-ec"
        var options: TLSClient.Options
        var alert: String
        var testDescription: String { name }
    }

    static let refused: [Refused] = [
        Refused(name: "TLS 1.1", options: .init(versions: version11), alert: "tlsv1 alert protocol version"),
        Refused(
            name: "CBC", options: .init(versions: version12, ciphers: "ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"),
            alert: "sslv3 alert handshake failure"),
        Refused(
            name: "RSA key exchange", server: "server-rsa",
            options: .init(versions: version12, ciphers: "AES256-GCM-SHA384:AES128-GCM-SHA256:@SECLEVEL=0"),
            alert: "sslv3 alert handshake failure"),
        Refused(
            name: "finite-field Diffie-Hellman", server: "server-rsa",
            options: .init(versions: version12, ciphers: "DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0"),
            alert: "sslv3 alert handshake failure"),
        Refused(
            name: "no authentication", options: .init(versions: version12, ciphers: "aNULL:eNULL:@SECLEVEL=0"),
            alert: "sslv3 alert handshake failure"),
        Refused(
            name: "a curve that nobody needs", options: .init(versions: version13, groups: "P-521"),
            alert: "sslv3 alert handshake failure"),
        Refused(
            name: "signatures with SHA-1 alone", server: "server-rsa",
            options: .init(versions: version12, signatures: "RSA+SHA1"), alert: "sslv3 alert handshake failure"),
        Refused(name: "h2 alone", options: .init(protocols: ["h2"]), alert: "tlsv1 alert no application protocol"),
    ]

    @Test("refuses with an alert what is not sound, and ends the connection", arguments: refused)
    func refuses(_ refused: Refused) throws {
        let link = try TLSLink(.fixture(refused.server), refused.options)
        #expect(link.shakeHands() == .failed(refused.alert))
        #expect(link.statistics.failedHandshakes == 1)
        #expect(link.connection.isLingering, "the alert must reach the client before the connection goes")
        #expect(link.receiveRaw().isEmpty, "no HTTP answer follows a failed handshake")
    }

    struct Verification: Sendable, CustomTestStringConvertible {
        var clients: TLSConfiguration.ClientVerification
        var certificate: String?
        var version = TLS1_3_VERSION
        /// Nil when the client is served.
        var alert: String?
        var subject: String?
        var testDescription: String { "\(clients), \(certificate ?? "no certificate"), version \(String(version, radix: 16))" }
    }

    private static let subject = "CN=cli\\C3\\ABnt-7,OU=a\\+b\\, c,O=Apus Tests"

    static let verifications: [Verification] = [
        Verification(clients: .none, certificate: nil),
        Verification(clients: .none, certificate: "client"),
        Verification(clients: .optional, certificate: nil),
        Verification(clients: .optional, certificate: "client", subject: subject),
        Verification(clients: .optional, certificate: "foreign-client", alert: "tlsv1 alert unknown ca"),
        Verification(clients: .required, certificate: nil, alert: "tlsv13 alert certificate required"),
        Verification(clients: .required, certificate: nil, version: TLS1_2_VERSION, alert: "sslv3 alert handshake failure"),
        Verification(clients: .required, certificate: "client", subject: subject),
        Verification(clients: .required, certificate: "client", version: TLS1_2_VERSION, subject: subject),
        Verification(clients: .required, certificate: "foreign-client", alert: "tlsv1 alert unknown ca"),
        Verification(clients: .required, certificate: "foreign-client", version: TLS1_2_VERSION, alert: "tlsv1 alert unknown ca"),
        // A server's certificate is no client's, though the same authority vouches for it.
        Verification(clients: .required, certificate: "server-rsa", alert: "sslv3 alert unsupported certificate"),
    ]

    @Test("asks clients who they are as configured", arguments: verifications)
    func verifies(_ verification: Verification) throws {
        let options = TLSClient.Options(
            versions: verification.version...verification.version, certificate: verification.certificate)
        let link = try TLSLink(.fixture(clients: verification.clients), options)
        var outcome = link.shakeHands()
        if outcome == .done {
            // With TLS 1.3 a client is done before the server has looked at its certificate.
            _ = link.client.write(Self.get)
            outcome = link.complete { link.client.read() }
        }
        if let alert = verification.alert {
            #expect(outcome == .failed(alert))
            #expect(link.statistics.failedHandshakes == 1 && link.statistics.requests == 0)
        } else {
            #expect(outcome == .done)
            #expect(ResponseReader(link.client.received).final.map(\.status) == [200])
        }
        #expect(link.connection.clientSubject == verification.subject)
    }

    @Test("gives no client anything to resume a session with", arguments: [version12, version13])
    func noResumption(_ versions: ClosedRange<Int32>) throws {
        let link = try TLSLink(.fixture(clients: .required), TLSClient.Options(versions: versions, certificate: "client"))
        link.shakeHands()
        link.send(Self.get)
        #expect(link.responses(1).count == 1)
        #expect(!link.client.canResume)
    }

    @Test("sends the whole chain of the file, and no authority of the clients beside it")
    func chain() throws {
        for (server, count) in [("server-ec", 1), ("chain", 2)] {
            let configuration = TLSConfiguration(
                certificateFile: TLSFixture.path("\(server).pem"), keyFile: TLSFixture.path("server-ec.key"),
                clientCAFile: TLSFixture.path("ca.pem"), clientVerification: .optional)
            let link = try TLSLink(TLSContext(configuration))
            #expect(link.shakeHands() == .done)
            #expect(link.client.chainCount == count)
        }
    }

    @Test("goes on when a client's hello comes byte by byte")
    func helloInPieces() throws {
        // A recorded hello would age; the client's own is taken off a second pair of sockets.
        let link = try TLSLink(.fixture())
        let source = try TLSLink(.fixture())
        #expect(source.client.shakeHands() == .waits)
        let hello = source.interceptRaw()
        #expect(hello.count > 100)
        for byte in hello { link.sendRaw([byte]) }
        let answer = link.receiveRaw()
        #expect(answer.starts(with: [22, 3, 3]), "a handshake record comes back")
    }

    @Test("waits for its turn when the loop's time for handshakes is spent, and loses nothing")
    func budget() throws {
        let link = try TLSLink(.fixture())
        #expect(link.client.shakeHands() == .waits)
        link.context.enter()
        defer { link.context.leave() }
        link.context.handshakes.charge(nanoseconds: 10_000_000_000)
        link.connection.ready([.readable, .writable])
        #expect(link.connection.wantsTurn)
        #expect(link.receiveRaw().isEmpty)
        link.connection.takeTurn()
        #expect(link.connection.wantsTurn && link.receiveRaw().isEmpty, "still the same turn")
        link.context.handshakes.renew()
        link.connection.takeTurn()
        #expect(!link.connection.wantsTurn)
        #expect(link.shakeHands() == .done)
    }
}
