import Foundation
import ProtobufWire
import RESTFrontend
import ServableCore
import Synchronization
import Tensors
import Testing

@Suite("Request log")
struct RequestLogTests {
    /// Keeps records in memory.
    private final class Memory: RequestLog {
        let format: RequestLogFormat
        let samplingRate = 0.25
        let recordByteLimit: Int
        let wants: Bool
        let records = Mutex<[[UInt8]]>([])
        let skips = Mutex<[RequestLogSkip]>([])

        init(_ format: RequestLogFormat, recordByteLimit: Int = 1 << 20, wants: Bool = true) {
            self.format = format
            self.recordByteLimit = recordByteLimit
            self.wants = wants
        }

        func wantsNext() -> Bool { wants }
        func append(_ record: [UInt8], of model: String) { records.withLock { $0.append(record) } }
        func skip(_ reason: RequestLogSkip, of model: String) { skips.withLock { $0.append(reason) } }
    }

    /// Records follow their response.
    private static func wait(for memory: Memory, _ count: Int) async throws -> [[UInt8]] {
        for _ in 0..<2000 {
            let records = memory.records.withLock { $0 }
            if records.count >= count { return records }
            try await Task.sleep(for: .milliseconds(5))
        }
        return memory.records.withLock { $0 }
    }

    private static let path = "/v1/models/half_plus_two:predict"

    @Test("a request is recorded as one that asks for the same again, with its response", arguments: RequestLogFormat.allCases)
    func records(_ format: RequestLogFormat) async throws {
        let memory = Memory(format)
        let server = try LiveServer(configuration: RESTConfiguration(requestLog: memory))
        #expect(try await server.request("POST", Self.path, body: #"{"instances": [[1, 2, 5]]}"#).status == 200)
        let records = try await Self.wait(for: memory, 1)
        let replayed = try RecordedRequests.read(records.flatMap { $0 })
        #expect(replayed.map(\.path) == [Self.path])
        let again = try await server.request("POST", Self.path, bytes: try #require(replayed.first).body, headers: [:])
        #expect(again.text == "{\"outputs\":[[2.5,3.0,4.5]]}\n")
        if format == .json {
            let line = try #require(try JSONSerialization.jsonObject(with: Data(records[0])) as? NSDictionary)
            #expect(line["model"] as? String == "half_plus_two" && line["version"] as? Int == 1)
            #expect(line["request"] as? NSDictionary == ["signature_name": "serving_default", "inputs": [[1, 2, 5]]])
            #expect(line["response"] as? NSDictionary == ["outputs": [[2.5, 3, 4.5]]])
            #expect((line["time"] as? String)?.hasSuffix("Z") == true && records[0].last == 0x0A)
        }
        await server.stop()
    }

    @Test("what fails, what is not sampled and what is too large is not recorded")
    func leavesOut() async throws {
        let unwanted = Memory(.json, wants: false), small = Memory(.json, recordByteLimit: 8)
        for memory in [unwanted, small] {
            let server = try LiveServer(configuration: RESTConfiguration(requestLog: memory))
            #expect(try await server.request("POST", Self.path, body: #"{"instances": [[1, 2, 5]]}"#).status == 200)
            #expect(try await server.request("POST", Self.path, body: #"{"instances": [["a"]]}"#).status == 400)
            await server.stop()
            #expect(memory.records.withLock { $0 } == [])
        }
        #expect(unwanted.skips.withLock { $0 } == [] && small.skips.withLock { $0 } == [.tooLarge])
    }

    @Test("what a sequence holds counts, too", arguments: [(24, 1), (23, 0)])
    func sequences(_ limit: Int, _ count: Int) async throws {
        let memory = Memory(.json, recordByteLimit: limit)
        let server = try LiveServer(configuration: RESTConfiguration(requestLog: memory))
        server.backend.answersSequence.withLock { $0 = true }
        let body = #"{"inputs": [[1, 2, 5]]}"#
        #expect(try await server.request("POST", Self.path, body: body).text == "{\"outputs\":[[[2.5,3.0,4.5]]]}\n")
        await server.stop()
        #expect(memory.records.withLock { $0.count } == count)
        #expect(memory.skips.withLock { $0 } == (count == 0 ? [.tooLarge] : []))
    }

    @Test("a file that is cut off or changed anywhere is refused, naming the record")
    func damage() {
        let file = TFRecord.framed([1, 2, 3]) + TFRecord.framed([])
        for count in 1..<file.count where count != 19 {
            #expect(throws: ServableError.self, "the first \(count) bytes") { try RecordedRequests.read(Array(file[..<count])) }
        }
        for index in file.indices {
            var damaged = file
            damaged[index] ^= 0x10
            let error = #expect(throws: ServableError.self, "byte \(index)") { try RecordedRequests.read(damaged) }
            #expect(error?.code == .dataLoss && error?.message.hasPrefix("record \(index < 19 ? 0 : 1) at byte") == true)
        }
    }

    @Test(
        "refuses files that no request log has written",
        arguments: [
            ("{\"model\": \"m\"}", "line 1 is no record"), ("{\"model\": \"m\", \"request\": {}}\n[]", "line 2 is no record"),
            ("{\"model\": \"m\", \"request\": {}", "line 1 is no record"), ("{\"model\": 1, \"request\": {}}", "line 1 is no record"),
            ("hello", "record 0 at byte 0 is damaged"),
        ])
    func refuses(_ text: String, _ says: String) {
        let error = #expect(throws: ServableError.self) { try RecordedRequests.read(Array(text.utf8)) }
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    }

    @Test("a record that is no predict request is refused", arguments: [[], [0x32, 0x00], [0x08], [0x32, 0x02, 0x0A, 0x00]] as [[UInt8]])
    func others(_ record: [UInt8]) {
        let error = #expect(throws: ServableError.self) { try RecordedRequests.read(TFRecord.framed(record)) }
        #expect(error?.message.hasPrefix("record 0 is no PredictionLog of a predict request") == true)
    }

    @Test("an empty file holds no requests, and names of models are encoded in paths")
    func names() throws {
        #expect(try RecordedRequests.read([]) == [])
        let request = try #require(try RecordedRequests.read(Array(#"{"request": {"inputs": [1]}, "model": "a/b ü"}"#.utf8)).first)
        #expect(request.path == "/v1/models/a%2Fb%20%C3%BC:predict" && request.body == Array(#"{"inputs": [1]}"#.utf8))
    }
}
