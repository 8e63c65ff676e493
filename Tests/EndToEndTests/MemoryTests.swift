import Foundation
import Testing

extension EndToEnd {
    @Suite("Memory")
    struct MemoryTests {
        /// 16 MiB of weights.
        private static let width = 2048
        private static let weightByteCount = width * width * 4
        /// What requests and their answers may leave behind.
        private static let slack = 8 << 20
        /// Far below what batches wait for, and above what a busy machine makes of an instant.
        private static let promptly = Duration.seconds(5)

        @Test("a version that ends is out of the process at once, however long its batches wait for company")
        func unloading() async throws {
            let home = try TemporaryFolder()
            try TinyModel.scaling(by: 1, width: Self.width).publish(1, in: home["m"])
            let daemon = try await DaemonProcess(
                in: home,
                """
                models: [{name: m, path: m}]
                engine: {inline_budget: 0us}
                batching: {max_batch_size: 3, timeout: 10m}
                """)
            try await daemon.waitUntil("m", 1, is: "AVAILABLE")
            #expect(try daemon.predict("m", Self.rows(3)).status == 200)
            let staying = try daemon.connect()
            try staying.send("POST", "/v1/models/m:predict", body: Self.rows(1))
            try await daemon.wait("a row in the queue") { try Self.queuedRowCount(daemon) == 1 }
            var leaving: HTTPClient? = try daemon.connect()
            try leaving?.send("POST", "/v1/models/m:predict", body: Self.rows(1))
            try await daemon.wait("two rows in the queue") { try Self.queuedRowCount(daemon) == 2 }
            leaving = nil
            try await daemon.wait("a client to have left") {
                try daemon.metric(#"apus_http_requests_total{outcome="abandoned"}"#) == 1
            }
            let withFirst = try daemon.residentByteCount()
            #expect(try #require(try daemon.metric(Self.memory(1))) >= Double(Self.weightByteCount))

            try TinyModel.adding(2).publish(2, in: home["m"])
            try await daemon.waitUntil("m", 2, is: "AVAILABLE")
            let start = ContinuousClock.now
            #expect(try staying.receive().json["predictions"] == .array([.array(Self.row.map(JSON.number))]))
            try await daemon.waitUntil("m", 1, is: "END")
            try await daemon.wait("the weights to be gone") {
                try daemon.residentByteCount() < withFirst - Self.weightByteCount + Self.slack
            }
            #expect(ContinuousClock.now - start < Self.promptly)
            #expect(try daemon.metric(Self.memory(1)) == 0)
        }

        @Test("however often a model is swapped, the process does not grow")
        func swapping() async throws {
            let home = try TemporaryFolder()
            try TinyModel.scaling(by: 1, width: Self.width).publish(1, in: home["m"])
            let daemon = try await DaemonProcess(in: home, "models: [{name: m, path: m}]")
            try await daemon.waitUntil("m", 1, is: "AVAILABLE")
            #expect(try daemon.predict("m", Self.rows(1)).status == 200)
            let withFirst = try daemon.residentByteCount()
            for version in 2...13 {
                try TinyModel.scaling(by: version, width: Self.width).publish(version, in: home["m"])
                try await daemon.waitUntil("m", version, is: "AVAILABLE")
                try await daemon.waitUntil("m", version - 1, is: "END")
                try FileManager.default.removeItem(at: home["m/\(version - 1)"])
                let scaled = Self.row.map { JSON.number($0 * Double(version)) }
                #expect(try daemon.predict("m", Self.rows(1)).json["predictions"] == .array([.array(scaled)]))
            }
            try await daemon.wait("the memory of one version") {
                try daemon.residentByteCount() < withFirst + Self.weightByteCount + Self.slack
            }
        }

        @Test("requests of many shapes stay within the memory budget, and the memory of a version is told")
        func shapes() async throws {
            let budget = 96 << 20
            let home = try TemporaryFolder()
            try TinyModel.layers.publish(1, in: home["m"])
            let daemon = try await DaemonProcess(
                in: home, "models: [{name: m, path: m}]\nengine: {memory_budget: 96MiB, inline_budget: 0us}")
            try await daemon.waitUntil("m", 1, is: "AVAILABLE")
            let before = try daemon.residentByteCount()
            let row = "[" + [String](repeating: "0.5", count: 512).joined(separator: ",") + "]"
            var computedCount = 0
            for rowCount in stride(from: 1000, to: 2200, by: 40) {
                let rows = [String](repeating: row, count: rowCount).joined(separator: ",")
                let response = try daemon.predict("m", #"{"inputs": [\#(rows)]}"#)
                #expect([200, 429].contains(response.status), "\(rowCount) rows: \(response.body.prefix(200))")
                if response.status == 200 { computedCount += 1 }
            }
            #expect(computedCount > 0)
            // Bodies and answers are none of the budget.
            #expect(try daemon.residentByteCount() < before + budget + 32 << 20)
            let held = try #require(try daemon.metric(Self.memory(1)))
            #expect(held > 0 && held < Double(budget))
        }

        private static let row = (0..<width).map { Double($0 % 9) }

        private static func rows(_ count: Int) -> String { #"{"instances": \#([[Double]](repeating: row, count: count))}"# }

        private static func memory(_ version: Int) -> String { #"apus_model_memory_bytes{model="m",version="\#(version)"}"# }

        private static func queuedRowCount(_ daemon: DaemonProcess) throws -> Double? {
            try daemon.metric(#"apus_queue_depth{model="m",version="1",signature="serving_default"}"#)
        }
    }
}
