import Foundation
import HTTPCore
import Synchronization
import Testing

/// Answers that are built where they are sent from, inside the handler's call.
@Suite("Answers at once")
struct ImmediateAnswerTests {
    /// What a handler does with a request to the path of that name.
    private final class Handler: RequestHandler {
        let kept = Mutex<[Responder]>([])

        func handle(_ request: borrowing Request, _ responder: Responder) {
            switch String(decoding: request.path, as: UTF8.self) {
            case "/once":
                let isAnswered = responder.sendJSONAtOnce {
                    $0.appendField("X-Number", decimal: 7)
                } _: { content in
                    content.append("{}")
                    return true
                }
                #expect(isAnswered)
            case "/declined":
                let isAnswered = responder.sendJSONAtOnce { _ in
                } _: { content in
                    content.append("half an answer")
                    return false
                }
                #expect(!isAnswered)
                responder.sendError(.notFound, "declined")
            case "/twice":
                #expect(
                    responder.sendJSONAtOnce { _ in
                    } _: { _ in
                        true
                    })
                #expect(
                    !responder.sendJSONAtOnce { _ in
                    } _: { _ in
                        true
                    })
            case "/kept": kept.withLock { $0.append(responder) }
            default: break  // Dropped without an answer.
            }
        }
    }

    private static func text(_ path: String, method: String = "GET", fields: String = "") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
    }

    @Test("have their fields and their length, and keep the connection")
    func fields() {
        let embedded = EmbeddedConnection(Handler())
        embedded.send(Self.text("/once") + Self.text("/once"))
        let output = embedded.takeOutput()
        #expect(output.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 3)
        #expect(output.hasSuffix("Content-Type: application/json\r\nX-Number: 7\r\nContent-Length: 2\r\n\r\n{}"))
        #expect(!embedded.hasEnded)
    }

    @Test("leave nothing behind when they are declined")
    func declined() {
        let embedded = EmbeddedConnection(Handler())
        embedded.send(Self.text("/declined"))
        let output = embedded.takeOutput()
        #expect(output.hasPrefix("HTTP/1.1 404 Not Found\r\n") && !output.contains("half an answer"))
        #expect(!output.contains("200 OK"))
    }

    @Test("to HEAD have the head alone, and close when they shall")
    func headAndClose() {
        let embedded = EmbeddedConnection(Handler())
        embedded.send(Self.text("/once", method: "HEAD"))
        #expect(embedded.takeOutput().hasSuffix("Content-Length: 2\r\n\r\n"))
        embedded.send(Self.text("/once", fields: "Connection: close\r\n"))
        #expect(embedded.takeOutput().contains("Connection: close\r\n"))
        #expect(embedded.hasEnded)
    }

    @Test("are given once only")
    func once() {
        let embedded = EmbeddedConnection(Handler())
        embedded.send(Self.text("/twice"))
        #expect(embedded.takeOutput().components(separatedBy: "HTTP/1.1 ").count == 2)
    }

    @Test("a responder that is kept stays with its request, whoever comes after it")
    func kept() throws {
        let handler = Handler()
        let (first, second) = (EmbeddedConnection(handler), EmbeddedConnection(handler))
        first.send(Self.text("/once"))
        _ = first.takeOutput()
        first.send(Self.text("/kept"))
        second.send(Self.text("/once"))
        #expect(second.takeOutput().hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(first.takeOutput().isEmpty)
        let responder = try #require(handler.kept.withLock { $0.popLast() })
        #expect(
            !responder.sendJSONAtOnce { _ in
            } _: { _ in
                true
            })
        responder.sendError(.conflict, "late")
        first.deliverAnswers()
        #expect(first.takeOutput().hasPrefix("HTTP/1.1 409 Conflict\r\n"))
    }

    @Test("a request that is dropped after others were answered at once still gets its 500")
    func dropped() {
        let embedded = EmbeddedConnection(Handler())
        embedded.send(Self.text("/once") + Self.text("/dropped"))
        embedded.deliverAnswers()
        #expect(embedded.takeOutput().contains("HTTP/1.1 500 Internal Server Error\r\n"))
    }
}
