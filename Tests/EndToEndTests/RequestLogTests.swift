import Foundation
import Testing

extension EndToEnd {
    @Suite("Request log")
    struct RequestLogTests {
        @Test("recorded requests can be sent again, in either format", arguments: ["json", "tfrecord"])
        func replay(format: String) async throws {
            let home = try TemporaryFolder()
            try home.copyModel("half_plus_two")
            let daemon = try await DaemonProcess(
                in: home, "model_root: models\nrequest_log: {path: requests, format: \(format), sample: 2}")
            try await daemon.waitUntilReady()
            for number in 0..<20 { #expect(try daemon.predict("half_plus_two", #"{"instances": [\#(number)]}"#).status == 200) }
            #expect(try daemon.predict("half_plus_two", #"{"instances": ["a"]}"#).status == 400)
            try await daemon.wait("ten records") { try daemon.metric(#"apus_request_log_records_total{outcome="written"}"#) == 10 }
            let logged = #":tensorflow:serving:request_log_count{model_name="half_plus_two",status_code="OK"}"#
            #expect(try daemon.metric(logged) == 10)

            let copy = home["recorded"]
            try FileManager.default.copyItem(at: home["requests"], to: copy)
            let bench = try await ApusCommand(
                "bench", "--replay", "recorded", "--url", "http://127.0.0.1:\(daemon.port)", "--clients", "3", "--json", home: home)
            #expect(bench.status == 0, "\(bench.errors)")
            let report = try JSON(bench.output)
            #expect(report["requests"] == 10 && report["statuses"] == ["200": 10])
        }

        @Test("nothing is recorded unless it is asked for; a file that cannot be made is refused at the start with 74")
        func off() async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["models/shift"])
            try home.write("model_root: models\nserver: {port: 0}\nrequest_log: {path: no/such/folder}", to: "apus.yaml")
            let refused = try await ApusCommand("serve", "--config", "apus.yaml", "--set", "registry.path=r.sqlite", home: home)
            #expect(refused.status == 74)
            #expect(refused.errors.contains("request_log.path: \"\(home["no/such/folder"].path)\" cannot be written"))
        }

        @Test(
            "bench refuses what it cannot replay",
            arguments: [
                (["bench", "--replay", "missing"], 74, "--replay missing: cannot be read"),
                (["bench", "--replay", "text"], 65, "is damaged"), (["bench", "--replay", "empty"], 65, "the file holds no requests"),
                (["bench", "--replay", "good", "--url", "ftp://x"], 64, "expected http://HOST:PORT"),
                (["bench", "--replay", "good", "--url", "http://127.0.0.1:1"], 69, "no daemon answers at 127.0.0.1:1"),
                (["bench"], 64, "give either a model to run, or --replay"),
            ] as [([String], Int32, String)])
        func refusals(_ arguments: [String], _ status: Int32, _ says: String) async throws {
            let home = try TemporaryFolder()
            try home.write("This is no request log.", to: "text")
            try home.write("", to: "empty")
            try home.write(#"{"model": "m", "request": {"instances": [1]}}"#, to: "good")
            let command = try await ApusCommand(arguments, home: home)
            #expect(command.status == status)
            #expect(command.errors.contains(says), "\(command.errors)")
        }
    }
}
