import Foundation
import HTTPCore
import ModelServing
import RESTFrontend
import ServableCore
import Testing

/// Bodies and results of `:classify` and `:regress` against the vectors of TensorFlow Serving's REST contract.
@Suite("contract vectors of examples")
struct ExampleVectorTests {
    @Test("reads examples", arguments: Vector.all(kind: "codec.examples_request"))
    func requests(_ vector: Vector) throws {
        let fields = try vector.fields
        let body = try vector.body()
        let result: Result<ExampleRequest, ServableError> = body.withUnsafeBytes { bytes in
            do throws(ServableError) { return .success(try ExampleRequest(bytes)) } catch { return .failure(error) }
        }
        switch result {
        case .success(let request):
            #expect(vector.status == 200)
            let response = try #require(fields["response"] as? [String: Any])
            #expect((request.signatureName ?? "") == response["signature_name"] as? String ?? "")
            let context = try ExampleFeatures(json: response["context"])
            let examples = try #require(response["examples"] as? [Any])
            // The context's features stand before the example's own, which count where both have one.
            let wanted = try examples.map { try context.merged(with: ExampleFeatures(json: $0)) }
            #expect(try request.examples.map(ExampleFeatures.init(message:)) == wanted)
        case .failure(let error):
            #expect(vector.status == 400 && error.code == .invalidArgument, "\(error)")
            try vector.expectMessage(error.message)
        }
    }

    @Test("writes results", arguments: Vector.all(kind: "codec.results_response"))
    func results(_ vector: Vector) throws {
        let fields = try vector.fields
        let request = try #require(fields["request"] as? [String: Any])
        let text: String
        do throws(ServableError) { text = try Self.text(request) } catch {
            #expect(vector.status == 400 && error.code == .invalidArgument, "\(error)")
            return try vector.expectMessage(error.message)
        }
        #expect(vector.status == 200)
        let wanted = try JSONSerialization.data(withJSONObject: try #require(fields["response"]), options: .sortedKeys)
        let found = try JSONSerialization.data(
            withJSONObject: JSONSerialization.jsonObject(with: Data(text.utf8)), options: .sortedKeys)
        #expect(String(decoding: found, as: UTF8.self) == String(decoding: wanted, as: UTF8.self))
    }

    private static func text(_ request: [String: Any]) throws(ServableError) -> String {
        if let values = request["regressions"] as? [Double] {
            try ResultsJSON.check(regressions: values.map(Float.init))
            return Codec.text { ResultsJSON.append(regressions: values.map(Float.init), to: &$0) }
        }
        let examples = request["classifications"] as? [[[Any]]] ?? []
        let pairs = examples.flatMap { $0 }
        let classes = ResultsJSON.Classes(
            labels: pairs.map { Array(($0.first as? String ?? "").utf8) }, scores: pairs.map { Float($0.last as? Double ?? .nan) },
            exampleCount: examples.count, classCount: examples.first?.count ?? 0)
        try ResultsJSON.check(classes)
        return Codec.text { ResultsJSON.append(classes, to: &$0) }
    }
}

/// The features of a `tf.Example`, from its message or as a vector has them.
struct ExampleFeatures: Equatable {
    enum Values: Equatable {
        case none
        case bytes([[UInt8]])
        /// Bit patterns, as not-a-number equals itself here.
        case floats([UInt32])
        case integers([Int64])
    }

    private(set) var features: [String: Values] = [:]

    /// `{"name": {"bytes_list" | "float_list" | "int64_list": […]}}`, null for none.
    init(json: Any?) throws {
        guard let object = json as? [String: [String: [Any]]] else { return }
        for (name, kinds) in object {
            guard let (kind, values) = kinds.first else {
                features[name] = Values.none
                continue
            }
            switch kind {
            case "bytes_list": features[name] = .bytes(try values.map { Array(try #require($0 as? String).utf8) })
            case "float_list": features[name] = .floats(try values.map { try Self.float($0).bitPattern })
            default: features[name] = .integers(try values.map { try #require($0 as? Int64) })
            }
        }
    }

    private static func float(_ json: Any) throws -> Float {
        if let text = json as? String { return try #require(Float(text.lowercased())) }
        return Float(try #require(json as? Double))
    }

    func merged(with other: ExampleFeatures) -> ExampleFeatures {
        var merged = self
        merged.features.merge(other.features) { $1 }
        return merged
    }

    /// Example { 1 Features { 1 entries { 1 name, 2 Feature { 1 bytes, 2 floats, 3 integers } } } }, each list with its values in 1.
    init(message: [UInt8]) throws {
        for features in try Fields(message).all(1) {
            for entry in try Fields(features).all(1) {
                let fields = try Fields(entry)
                let name = String(decoding: fields.all(1).last ?? [], as: UTF8.self)
                self.features[name] = try Self.values(fields.all(2).last ?? [])
            }
        }
    }

    private static func values(_ feature: [UInt8]) throws -> Values {
        let fields = try Fields(feature)
        if let list = fields.all(1).last { return .bytes(try Fields(list).all(1)) }
        if let list = fields.all(2).last {
            let packed = try Fields(list).all(1).flatMap { $0 }
            return .floats(
                stride(from: 0, to: packed.count, by: 4).map { start in
                    (0..<4).reduce(0) { $0 | UInt32(packed[start + $1]) << UInt32($1 * 8) }
                })
        }
        guard let list = fields.all(3).last else { return .none }
        var rest = try Fields(list).all(1).flatMap { $0 }[...]
        var integers: [Int64] = []
        while !rest.isEmpty { integers.append(Int64(bitPattern: try Fields.varint(&rest))) }
        return .integers(integers)
    }

    /// The length-delimited fields of a message; these messages have no others.
    private struct Fields {
        private var fields: [(number: UInt64, value: [UInt8])] = []

        init(_ message: [UInt8]) throws {
            var rest = message[...]
            while !rest.isEmpty {
                let tag = try Self.varint(&rest)
                try #require(tag & 7 == 2)
                let length = Int(try Self.varint(&rest))
                fields.append((tag >> 3, Array(rest.prefix(length))))
                rest = rest.dropFirst(length)
            }
        }

        func all(_ number: UInt64) -> [[UInt8]] { fields.filter { $0.number == number }.map(\.value) }

        static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                let byte = try #require(rest.first)
                rest = rest.dropFirst()
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { break }
            }
            return value
        }
    }
}
