import RESTFrontend
import ServableCore
import Synchronization
import Testing

@Suite("replies")
struct ReplyThreadTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let target: String
        let body: String
        var headers: [String: String] = [:]
        var refusal: ServableError?
        let status: Int
        var testDescription: String { "\(target) \(body) \(refusal?.code.name ?? "")" }
    }

    private static let named = "/v1/models/m:predict"

    static let cases: [Case] =
        [
            Case(target: named, body: #"{"instances":[1.0,2.0,5.0]}"#, status: 200),
            Case(target: named, body: #"{"inputs":{"x":[[2,4,6]]}}"#, status: 200),
            Case(target: named, body: #"{"inputs":7}"#, status: 200),
            Case(target: named, body: #"{"instances":[NaN,Infinity,-Infinity,-0.0,1e-45,3.4e38]}"#, status: 200),
            Case(target: "/v1/models/m/versions/1:predict", body: #"{"inputs":[1]}"#, status: 200),
            Case(target: "/v1/models/m/labels/old:predict", body: #"{"inputs":[1]}"#, status: 200),
            Case(target: "/predict", body: #"{"inputs":[1]}"#, status: 200),
            Case(target: "/predict", body: #"{"version":1,"model":"m","instances":[1]}"#, status: 200),
            Case(target: named, body: "{\"inputs\":[\((0..<9000).map(String.init).joined(separator: ","))]}", status: 200),
            Case(
                target: named, body: "{\"inputs\":[\((0..<9000).map(String.init).joined(separator: ","))]}",
                headers: ["Accept-Encoding": "gzip"], status: 200),
            Case(target: named, body: #"{"inputs":[1]"#, status: 400),
            Case(target: "/v1/models/m/versions/9:predict", body: #"{"inputs":[1]}"#, status: 404),
            Case(target: named, body: #"{"signature_name":"text","inputs":"a"}"#, status: 501),
        ]
        + refusals.map { code, status in
            Case(target: named, body: #"{"inputs":[1]}"#, refusal: ServableError(code, "as the \"test\" wants"), status: status)
        }

    private static let refusals: [(StatusCode, Int)] = [
        (.invalidArgument, 400), (.resourceExhausted, 429), (.unavailable, 503), (.deadlineExceeded, 504), (.internal, 500),
        (.cancelled, 499),
    ]

    @Test(
        "are the same, with the same record, whether they come within the call or from another thread", arguments: cases, [true, false])
    func bothWays(_ subject: Case, isCORSEnabled: Bool) async throws {
        var seen: [Seen] = []
        for answersAtOnce in [true, false] {
            let backend = FakeBackend(versions: ["m": [1, 3]], labels: ["old": 1])
            backend.answersAtOnce.withLock { $0 = answersAtOnce }
            backend.refusal.withLock { $0 = subject.refusal }
            let server = try LiveServer(backend, configuration: RESTConfiguration(isCORSEnabled: isCORSEnabled))
            let answer = try await server.request("POST", subject.target, body: subject.body, headers: subject.headers)
            #expect(answer.status == subject.status)
            seen.append(Seen(answer, server.observer))
            await server.stop()
        }
        #expect(seen[0] == seen[1])
        #expect(seen[0].records.count == 1)
    }
}
