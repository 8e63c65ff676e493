import Foundation
import Testing

extension EndToEnd {
    /// The vectors of the Open Inference Protocol over HTTP: what goes over the wire, and what must come back (form:
    /// Tests/Fixtures/OpenInference/README.md).
    @Suite("Open Inference Protocol vectors")
    struct OpenInferenceVectorTests {
        private static let folder = Repository.fixtures.deletingLastPathComponent().appending(path: "OpenInference")

        @Test("are answered as they say, each")
        func answers() async throws {
            let home = try TemporaryFolder()
            try JSONSerialization.data(withJSONObject: ["models": try Self.models()]).write(to: home["apus.yaml"])
            let daemon = try await DaemonProcess(in: home, configurationFile: home["apus.yaml"])
            try await daemon.waitUntilReady()
            let token = try await Self.token(home)
            let file = try JSONSerialization.jsonObject(with: Data(contentsOf: Self.folder.appending(path: "vectors.json")))
            let vectors = try #require((file as? [String: Any])?["vectors"] as? [[String: Any]]).filter { $0["kind"] as? String == "http" }
            #expect(vectors.count > 100)
            for vector in vectors {
                let answer = try Self.ask(vector, daemon, token)
                let fault = try OpenInferenceExpectation(vector).fault(answer)
                #expect(fault == nil, "\(vector["name"] ?? "?")")
            }
        }

        private static func models() throws -> [[String: Any]] {
            let own = ["half_plus_two", "digits"].map { ["name": $0, "path": Repository.models.appending(path: $0).path] }
            let folder = folder.appending(path: "models")
            return own
                + (try FileManager.default.contentsOfDirectory(atPath: folder.path)).sorted().map {
                    ["name": $0, "path": folder.appending(path: $0).path, "versions": "all"]
                }
        }

        private static func token(_ home: TemporaryFolder) async throws -> String {
            let command = try await ApusCommand(
                "registry", "token", "create", "--name", "test", "--role", "admin", "--config", home["apus.yaml"].path, "--set",
                "registry.path=\(home["registry.sqlite"].path)", home: home)
            try #require(command.status == 0, "\(command.errors)")
            return try #require(command.output.split(separator: "\n").last.map(String.init))
        }

        private static func ask(_ vector: [String: Any], _ daemon: DaemonProcess, _ token: String) throws -> HTTPResponse {
            let request = try #require(vector["request"] as? [String: Any])
            let encoded = try (request["body_base64"] as? String).map { try #require(Data(base64Encoded: $0)) }
            var fields = (request["headers"] as? [String: String] ?? [:]).map { ($0.key, $0.value) }
            if vector["admin"] as? Bool == true { fields.append(("Authorization", "Bearer \(token)")) }
            return try daemon.connect().request(
                try #require(request["method"] as? String), try #require(request["path"] as? String),
                bytes: encoded.map(Array.init) ?? Array((request["body_text"] as? String ?? "").utf8),
                fields: fields + [("Connection", "close")])
        }
    }
}

/// What a vector says of the answer.
struct OpenInferenceExpectation {
    private let wanted: [String: Any]

    init(_ wanted: [String: Any]) { self.wanted = wanted }

    /// What is wrong with an answer; nil when it is as expected.
    func fault(_ answer: HTTPResponse) throws -> String? {
        if let choices = wanted["any_of"] as? [[String: Any]] {
            let faults = try choices.map { try OpenInferenceExpectation($0).fault(answer) }
            return faults.contains { $0 == nil } ? nil : faults.compactMap(\.self).joined(separator: " / ")
        }
        let statuses = wanted["status_any"] as? [Int] ?? (wanted["status"] as? Int).map { [$0] } ?? []
        guard statuses.isEmpty || statuses.contains(answer.status) else { return "status \(answer.status): \(answer.body)" }
        if let type = wanted["content_type"] as? String, answer.fields["content-type"] != type { return "type \(answer.fields)" }
        for (name, value) in wanted["response_headers"] as? [String: Any] ?? [:] where answer.fields[name] != value as? String {
            return "\(name): \(answer.fields[name] ?? "absent")"
        }
        let content = try Content(answer)
        return faultOfError(content) ?? faultOfBody(content) ?? faultOfTensors(content)
    }

    private func faultOfError(_ content: Content) -> String? {
        guard wanted["error"] as? Bool == true else { return nil }
        guard let text = (content.json as? [String: Any])?["error"] as? String, !text.isEmpty else { return "no error: \(content.text)" }
        let missing = (wanted["error_contains"] as? [String] ?? []).first { !text.lowercased().contains($0.lowercased()) }
        return missing.map { "no \($0) in \(text)" }
    }

    private func faultOfBody(_ content: Content) -> String? {
        if let expected = wanted["response"], !Self.contains(content.json, expected) { return "body \(content.text)" }
        let extra = (wanted["absent"] as? [String] ?? []).first { (content.json as? [String: Any])?[$0] != nil }
        return extra.map { "has \($0): \(content.text)" }
    }

    private func faultOfTensors(_ content: Content) -> String? {
        guard let expected = wanted["tensors"] as? [String: [String: Any]] else { return nil }
        guard let found = content.tensors else { return "outputs cannot be read: \(content.text)" }
        if wanted["only"] as? Bool == true, Set(found.keys) != Set(expected.keys) { return "outputs \(found.keys)" }
        for (name, tensor) in expected {
            guard let output = found[name] else { return "no output \(name)" }
            if let fault = output.fault(tensor) { return "\(name): \(fault)" }
        }
        return nil
    }

    /// Whether `found` has all that `wanted` names.
    static func contains(_ found: Any?, _ wanted: Any) -> Bool {
        if let wanted = wanted as? [String: Any] {
            if let kind = wanted["$type"] as? String {
                switch kind {
                case "string": return found is String
                case "array": return found is [Any]
                case "object": return found is [String: Any]
                case "boolean": return found is Bool
                default: return found is NSNumber
                }
            }
            if let parts = wanted["$contains"] as? [Any] {
                return parts.allSatisfy { part in (found as? [Any])?.contains { contains($0, part) } ?? false }
            }
            if let set = wanted["$set"] as? [String] { return (found as? [String]).map { $0.sorted() == set.sorted() } ?? false }
            guard let found = found as? [String: Any] else { return false }
            return wanted.allSatisfy { found[$0.key] != nil && contains(found[$0.key], $0.value) }
        }
        if let wanted = wanted as? [Any] {
            guard let found = found as? [Any], found.count == wanted.count else { return false }
            return zip(found, wanted).allSatisfy { contains($0, $1) }
        }
        return (found as? NSObject)?.isEqual(wanted) ?? false
    }
}

/// The body of an answer: its JSON, and the outputs with their binary parts.
private struct Content {
    struct Tensor {
        let datatype: String?
        let shape: [Int]?
        let data: [Any]?
        /// In binary form.
        let raw: [UInt8]?
    }

    let text: String
    let json: Any?
    let tensors: [String: Tensor]?

    init(_ answer: HTTPResponse) throws {
        let bytes = try answer.fields["content-encoding"].map { _ in try Self.unpacked(answer.bytes) } ?? answer.bytes
        let length = answer.fields["inference-header-content-length"].flatMap { Int($0) } ?? bytes.count
        text = String(decoding: bytes.prefix(length), as: UTF8.self)
        // Tokens that JSON has not are expected as strings.
        let plain = text.replacing(/(?<token>-?(?:NaN|Infinity))(?=[,\]])/) { "\"\($0.output.token)\"" }
        json = try? JSONSerialization.jsonObject(with: Data(plain.utf8), options: .fragmentsAllowed)
        tensors = Self.tensors(json, Array(bytes.dropFirst(length)))
    }

    private static func tensors(_ json: Any?, _ binary: [UInt8]) -> [String: Tensor]? {
        var tensors: [String: Tensor] = [:], offset = 0
        for output in (json as? [String: Any])?["outputs"] as? [[String: Any]] ?? [] {
            var raw: [UInt8]?
            if let size = (output["parameters"] as? [String: Any])?["binary_data_size"] as? Int {
                guard size <= binary.count - offset else { return nil }
                raw = Array(binary[offset..<offset + size])
                offset += size
            }
            guard let name = output["name"] as? String else { return nil }
            tensors[name] = Tensor(
                datatype: output["datatype"] as? String, shape: output["shape"] as? [Int], data: output["data"] as? [Any], raw: raw)
        }
        return offset == binary.count ? tensors : nil
    }

    private static func unpacked(_ bytes: [UInt8]) throws -> [UInt8] {
        let process = Process(), input = Pipe(), output = Pipe()
        process.executableURL = URL(filePath: "/bin/gzip")
        process.arguments = ["-dc"]
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(bytes))
        try input.fileHandleForWriting.close()
        let unpacked = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return Array(unpacked)
    }
}

extension Content.Tensor {
    /// What differs from what is expected; nil when nothing does.
    func fault(_ expected: [String: Any]) -> String? {
        guard datatype == expected["datatype"] as? String, shape == expected["shape"] as? [Int] else {
            return "is \(datatype ?? "?") \(shape ?? [])"
        }
        if let isBinary = expected["binary"] as? Bool, isBinary != (raw != nil) { return "came in the other form" }
        if let encoded = expected["base64"] as? String {
            return Data(base64Encoded: encoded).map(Array.init) == raw ? nil : "holds other bytes \(raw ?? [])"
        }
        let wanted = Self.flat(expected["data"] as? [Any] ?? []), tolerance = expected["rtol"] as? Double ?? 1e-6
        guard let values = raw.map(values) ?? data.map(Self.flat), values.count == wanted.count else {
            return "has \(data ?? []) \(raw ?? [])"
        }
        return zip(values, wanted).allSatisfy { Self.isNear($0, $1, tolerance) } ? nil : "holds \(values)"
    }

    private static func flat(_ list: [Any]) -> [Any] { list.flatMap { ($0 as? [Any]).map(flat) ?? [$0] } }

    private static func isNear(_ found: Any, _ wanted: Any, _ tolerance: Double) -> Bool {
        if let found = found as? String { return found == wanted as? String }
        guard let found = found as? NSNumber, let wanted = wanted as? NSNumber else { return false }
        if found == wanted { return true }
        // What is read back counts: values are compared as the floats that they are.
        let (a, b) = (Double(Float(truncating: found)), Double(Float(truncating: wanted)))
        return a == b || abs(a - b) <= tolerance * max(abs(a), abs(b)) || tolerance >= 1e-3 && abs(a - b) <= 1e-4
    }

    /// The elements of a binary form, of the types that vectors compare by value.
    private func values(_ raw: [UInt8]) -> [Any] {
        func all<Scalar: BitwiseCopyable>(_: Scalar.Type) -> [Scalar] {
            stride(from: 0, to: raw.count - raw.count % MemoryLayout<Scalar>.size, by: MemoryLayout<Scalar>.size).map { start in
                raw[start..<start + MemoryLayout<Scalar>.size].withUnsafeBytes { $0.loadUnaligned(as: Scalar.self) }
            }
        }
        switch datatype {
        case "FP32": return all(Float.self).map { NSNumber(value: $0) }
        case "FP64": return all(Double.self).map { NSNumber(value: $0) }
        case "INT32": return all(Int32.self).map { NSNumber(value: $0) }
        case "INT64": return all(Int64.self).map { NSNumber(value: $0) }
        default: return raw.map { NSNumber(value: $0) }
        }
    }
}
