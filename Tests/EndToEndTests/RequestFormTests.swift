import Foundation
import Testing

extension EndToEnd {
    /// What a prediction may be asked for besides TensorFlow Serving's JSON.
    @Suite("Forms of requests")
    struct RequestFormTests {
        private static func daemon(_ configuration: String = "model_root: models") async throws -> DaemonProcess {
            let home = try TemporaryFolder()
            try home.copyModel("half_plus_two")
            try TinyModel.sumAndQuotient.publish(1, in: home["models/two"])
            let daemon = try await DaemonProcess(in: home, configuration)
            try await daemon.waitUntilReady()
            return daemon
        }

        @Test("outputs_filter returns only the outputs it names, of body and header")
        func filter() async throws {
            let daemon = try await Self.daemon()
            #expect(try daemon.predict("two", #"{"instances": [1, 3]}"#).json["predictions"].elements.count == 2)
            let body = #"{"outputs_filter": ["sum"], "instances": [1, 3]}"#
            #expect(try daemon.predict("two", body).json == ["predictions": [2, 4]])
            let header = try daemon.predict("two", #"{"inputs": [1, 3]}"#, fields: [("Apus-Outputs-Filter", "sum")])
            #expect(try header.json == ["outputs": [2, 4]])
            let unknown = try daemon.predict("two", #"{"outputs_filter": ["product"], "instances": [1]}"#)
            #expect(unknown.status == 400)
            #expect(
                try unknown.error
                    == "output tensor alias not found in signature: product Outputs expected to be in the set {quotient,sum}.")
        }

        @Test("NaN and infinities are written as configured, and as a client asks")
        func nonfinite() async throws {
            let daemon = try await Self.daemon("model_root: models\nserver: {nonfinite: null}")
            let body = #"{"outputs_filter": ["quotient"], "instances": [0, 2]}"#
            #expect(try daemon.predict("two", body).body == "{\"predictions\":[null,0.5]}\n")
            for (form, text) in [("bare", "Infinity"), ("string", "\"Infinity\""), ("null", "null")] {
                let response = try daemon.predict("two", body, fields: [("Apus-Nonfinite", form)])
                #expect(response.body == "{\"predictions\":[\(text),0.5]}\n")
            }
            #expect(try daemon.predict("two", body, fields: [("Apus-Nonfinite", "none")]).status == 400)
        }

        @Test("NumPy files go in and come out, on one connection with JSON")
        func numPy() async throws {
            let daemon = try await Self.daemon()
            let input = daemon.home["x.npy"]
            try NumPyValues(shape: [3], values: [1, 2, 5]).write(to: input)
            let client = try daemon.connect(), path = "/v1/models/half_plus_two:predict"
            for _ in 0..<2 {
                let response = try client.request(
                    "POST", path, bytes: Array(try Data(contentsOf: input)), fields: [("Content-Type", "application/x-npy")])
                #expect(response.status == 200 && response.fields["content-type"] == "application/x-npy")
                #expect(response.fields["apus-model-version"] == "1")
                let output = daemon.home["y.npy"]
                try Data(response.bytes).write(to: output)
                #expect(try NumPyValues(output) == NumPyValues(shape: [3], values: [2.5, 3, 4.5]))
                #expect(try client.request("POST", path, body: #"{"instances": [1]}"#).json == ["predictions": [2.5]])
            }
            let refused = try client.request("POST", path, bytes: [1, 2, 3], fields: [("Content-Type", "application/x-npz")])
            #expect(refused.status == 400)
            #expect(try refused.error == "the request body is no ZIP archive: it is too short")
        }

        @Test("elements travel alone, with shape and type in header fields")
        func elements() async throws {
            let daemon = try await Self.daemon()
            let bytes = [1, 2, 5].flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: Float(value).bitPattern >> ($0 * 8)) } }
            let response = try daemon.connect().request(
                "POST", "/v1/models/half_plus_two:predict", bytes: bytes,
                fields: [("Content-Type", "application/octet-stream"), ("Apus-Tensor-Shape", "3"), ("Apus-Tensor-Type", "float32")])
            #expect(response.status == 200 && response.fields["apus-tensor-shape"] == "3")
            let values = stride(from: 0, to: response.bytes.count, by: 4).map { start in
                Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(response.bytes[start + $1]) << UInt32($1 * 8) })
            }
            #expect(values == [2.5, 3, 4.5])
        }

        @Test("large bodies are read and answered alike, away from the loop")
        func large() async throws {
            let daemon = try await Self.daemon()
            let input = daemon.home["x.npy"], output = daemon.home["y.npy"]
            let values = (0..<100_000).map { Float($0) }
            try NumPyValues(shape: [100_000], values: values).write(to: input)
            let response = try daemon.connect().request(
                "POST", "/v1/models/half_plus_two:predict", bytes: Array(try Data(contentsOf: input)),
                fields: [("Content-Type", "application/x-npy")])
            try Data(response.bytes).write(to: output)
            #expect(try NumPyValues(output).values == values.map { $0 / 2 + 2 })
        }
    }
}
