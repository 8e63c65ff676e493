import Foundation
import Testing

extension EndToEnd {
    /// Requests that a version brings along in `assets.extra/tf_serving_warmup_requests`.
    @Suite("Warm-up records")
    struct WarmUpTests {
        /// A record whose request asks `x` of `serving_default`.
        private static func predict(_ input: String = "x", signature: String = "") -> [UInt8] {
            WarmUpRecord.predict(input, shape: [1], of: 1, signature: signature)
        }

        /// A record whose request asks for the regression of one example, with a float feature `x` in what all examples share.
        private static func regress() -> [UInt8] {
            var example = ProtobufBytes()
            example.message(1) { features in
                features.message(1) { entry in
                    entry.text(1, "x")
                    entry.message(2) { feature in feature.message(2) { $0.delimited(1, [0, 0, 0x80, 0x3F]) } }
                }
            }
            var log = ProtobufBytes()
            log.message(3) { regress in
                regress.message(1) { request in
                    request.message(1) { $0.text(3, "regress_x_to_y") }
                    request.message(2) { input in
                        input.message(2) { list in
                            list.delimited(1, [])
                            list.delimited(2, example.bytes)
                        }
                    }
                }
            }
            return log.bytes
        }

        private static func unsupported() -> [UInt8] {
            var log = ProtobufBytes()
            log.message(5) { _ in }
            return log.bytes
        }

        /// Starts a daemon beside whose model lie these records.
        private static func daemon(_ file: [UInt8], _ options: String = "") async throws -> DaemonProcess {
            let home = try TemporaryFolder()
            let fixture = Repository.fixtures.deletingLastPathComponent().appending(path: "SavedModels/half_plus_two")
            try FileManager.default.createDirectory(at: home["model"], withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: fixture, to: home["model/1"])
            try FileManager.default.createDirectory(at: home["model/1/assets.extra"], withIntermediateDirectories: true)
            try Data(file).write(to: home["model/1/assets.extra/tf_serving_warmup_requests"])
            return try await DaemonProcess(in: home, "models: [{name: model, path: model}]\n" + options)
        }

        @Test("are run before the version is served, each as often as is asked for, and counted")
        func run() async throws {
            let file = RecordFile.frames([Self.predict(), Self.regress(), [], Self.predict(signature: "serving_default")])
            let daemon = try await Self.daemon(file, "engine: {warm_up_iterations: 3}")
            try await daemon.waitUntilReady()
            let path = daemon.home["model/1"].path
            let labels = #"{model_path="\#(path)",status="OK"}"#
            #expect(try daemon.metric(":tensorflow:serving:model_warmup_records_read\(labels)") == 3)
            #expect(try daemon.metric(":tensorflow:serving:model_warmup_latency_count\(labels)") == 3)
        }

        @Test("are left alone when warming up is off")
        func off() async throws {
            let daemon = try await Self.daemon([1, 2, 3], "engine: {warm_up: false}")
            try await daemon.waitUntilReady()
        }

        struct Refusal: Sendable, CustomTestStringConvertible {
            let name: String
            let file: [UInt8]
            let code: String
            let says: String
            var testDescription: String { name }
        }

        @Test(
            "that cannot be run keep the version from being served, and the status says why",
            arguments: [
                Refusal(
                    name: "an unknown signature", file: RecordFile.frames([predict(), predict(signature: "none")]),
                    code: "INVALID_ARGUMENT",
                    says: #"warm-up record 2 of model "model" version 1 fails: Serving signature name: "none" not found in signature def"#),
                Refusal(
                    name: "an unknown input", file: RecordFile.frames([predict("z")]), code: "INVALID_ARGUMENT",
                    says: #"signature "serving_default" has no input "z""#),
                Refusal(
                    name: "a log that is no call", file: RecordFile.frames([unsupported()]), code: "UNIMPLEMENTED",
                    says: "record 1: Unsupported log_type for warmup: 5"),
                Refusal(
                    name: "a record that is no message", file: RecordFile.frames([[0x0A, 0xFF]]), code: "DATA_LOSS",
                    says: "Failed to parse warmup record: record 1"),
                Refusal(
                    name: "a file cut off in a length", file: RecordFile.frames([predict()]) + [1, 2], code: "DATA_LOSS",
                    says: "record 2 is cut off within its length. Please verify your warmup data is in TFRecord format."),
                Refusal(
                    name: "a file cut off in the data", file: Array(RecordFile.frames([predict()]).dropLast(5)), code: "DATA_LOSS",
                    says: "Please verify your warmup data is in TFRecord format."),
                Refusal(
                    name: "a wrong checksum of the length", file: RecordFile.frames([predict()], damaging: 9), code: "DATA_LOSS",
                    says: "record 1 has a wrong checksum of its length"),
                Refusal(
                    name: "a wrong checksum of the data", file: RecordFile.frames([predict()], damaging: 14), code: "DATA_LOSS",
                    says: "record 1 has a wrong checksum of its data"),
                Refusal(
                    name: "more records than are run", file: RecordFile.frames(Array(repeating: [], count: 1_001)),
                    code: "INVALID_ARGUMENT", says: "Number of warmup records exceeds the maximum (1000) at"),
            ])
        func refused(_ refusal: Refusal) async throws {
            let daemon = try await Self.daemon(refusal.file)
            try await daemon.waitUntil("model", 1, is: "END")
            let status = try daemon.get("/v1/models/model")["model_version_status"][0]["status"]
            #expect(status["error_code"] == .string(refusal.code))
            #expect(status["error_message"].text?.contains(refusal.says) == true, "\(status)")
        }
    }
}
