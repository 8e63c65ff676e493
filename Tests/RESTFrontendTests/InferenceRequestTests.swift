import Foundation
import GraphIR
import ModelServing
import OpenInference
import ServableCore
import Tensors
import Testing

@testable import RESTFrontend

@Suite("Bodies of inference requests")
struct InferenceRequestTests {
    /// Takes x [-1,3] of float32 as the fake's default signature does.
    private func read(_ bytes: [UInt8], jsonByteCount: Int? = nil) throws -> InferenceRequest {
        let signature = try FakeBackend().target(model: nil, selector: .latest).signature(nil)
        return try bytes.withUnsafeBytes { bytes in
            try InferenceRequestReader(signature, TensorJSONLimits()).read(bytes, jsonByteCount: jsonByteCount)
        }
    }

    private static let json =
        #" {"id":"é7","parameters":{"a":1,"b":-2.5e1,"c":"x","d":true},"inputs":[{"name":"x","datatype":"FP32","shape":[2,3],"#
        + #""parameters":{"q":"r"},"data":[[1,2,3],[4.5,NaN,-Infinity]]}],"outputs":[{"name":"y","parameters":{"binary_data":true}}],"z":[{}]} "#
    private static let binaryJSON =
        #"{"inputs":[{"data":null,"name":"x","datatype":"FP32","shape":[1,3],"parameters":{"binary_data_size":12}}]}"#

    @Test("are read, whatever the order of their members")
    func whole() throws {
        let request = try read(Array(Self.json.utf8))
        #expect(request.id == "é7")
        #expect(request.outputs.map(\.name) == ["y"])
        guard case .only(let tensor) = request.inputs else { throw Unexpected() }
        #expect(tensor.shape == [2, 3])
        #expect(tensor.values(Float.self).prefix(4) == [1, 2, 3, 4.5])
        let early = #"{"inputs":[{"data":[1,2,3],"shape":[1,3],"datatype":"FP32","name":"x"}]}"#
        guard case .only(let other) = try read(Array(early.utf8)).inputs else { throw Unexpected() }
        #expect(other.values(Float.self) == [1, 2, 3])
    }

    @Test("are refused when they are cut anywhere, or one of their bytes is another, or read; nothing traps")
    func damaged() throws {
        let bytes = Array(Self.json.dropLast().utf8)
        for count in 0..<bytes.count {
            #expect(throws: ServableError.self) { try read(Array(bytes[..<count])) }
        }
        for index in bytes.indices {
            for flip in [0x01, 0x10, 0x20, 0x80] as [UInt8] {
                var damaged = bytes
                damaged[index] ^= flip
                do { _ = try read(damaged) } catch let error as ServableError { #expect(error.code == .invalidArgument) }
            }
        }
    }

    @Test("have their binary part where the header says, whole")
    func binary() throws {
        let json = Array(Self.binaryJSON.utf8), data = [Float(1), 2, 3].withUnsafeBytes(Array.init)
        guard case .only(let tensor) = try read(json + data, jsonByteCount: json.count).inputs else { throw Unexpected() }
        #expect(tensor.values(Float.self) == [1, 2, 3])
        for length in 1..<(json.count + data.count) where length != json.count {
            #expect(throws: ServableError.self) { try read(json + data, jsonByteCount: length) }
        }
        #expect(throws: ServableError.self) { try read(json + data, jsonByteCount: .max) }
        #expect(throws: ServableError.self) { try read(json + data) }
        for count in 0..<data.count {
            #expect(throws: ServableError.self) { try read(json + data[..<count], jsonByteCount: json.count) }
        }
        #expect(throws: ServableError.self) { try read(json + data + [0], jsonByteCount: json.count) }
    }

    @Test("are nothing but data when the header is 0")
    func raw() throws {
        let data = [Float(1), 2, 3, 4, 5, 6].withUnsafeBytes(Array.init)
        let request = try read(data, jsonByteCount: 0)
        guard case .only(let tensor) = request.inputs else { throw Unexpected() }
        #expect(tensor.shape == [2, 3])
        #expect(request.parameters.isBinaryOutput)
        #expect(throws: ServableError.self) { try read(Array(data.dropLast()), jsonByteCount: 0) }
        #expect(throws: ServableError.self) { try read(Array(data.dropLast(4)), jsonByteCount: 0) }
    }

    @Test(
        "name what is wrong with them",
        arguments: [
            (#"{"inputs":[]}"#, "\"x\""), (#"{}"#, "inputs"), (#"{"inputs":[{"name":"z","shape":[1],"datatype":"FP32","data":[1]}]}"#, "z"),
            (#"{"inputs":[{"shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#, "name"),
            (#"{"inputs":[{"name":"x","datatype":"FP32","data":[1,2,3]}]}"#, "shape"),
            (#"{"inputs":[{"name":"x","shape":[1,3],"data":[1,2,3]}]}"#, "datatype"),
            (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32"}]}"#, "data"),
            (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP64","data":[1,2,3]}]}"#, "FP32"),
            (#"{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}"#, "[1,4]"),
            (#"{"inputs":[{"name":"x","shape":[9223372036854775807,3],"datatype":"FP32","data":[1]}]}"#, "9223372036854775807"),
            (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2]}]}"#, "\"x\""),
            (
                #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3],"parameters":{"binary_data_size":12}}]}"#,
                "binary_data_size"
            ),
            (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}],"outputs":[{"name":"nope"}]}"#, ""),
            (#"{"id":7}"#, "id"), (#"{"parameters":{"a":[1]}}"#, "\"a\""), (#"{"parameters":[1]}"#, "parameters"),
            (#"{"id":"a","id":"b"}"#, "'id'"), (#"[1]"#, "object"), (#""#, "body"), (#"{"inputs":[]} {}"#, "offset"),
        ])
    func messages(_ body: String, _ word: String) throws {
        guard !word.isEmpty else {
            // Outputs are held against the model's when the inputs are sound.
            #expect(try read(Array(body.utf8)).outputs.map(\.name) == ["nope"])
            return
        }
        let error = try #require(throws: ServableError.self) { try read(Array(body.utf8)) }
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains(word), "\(error.message)")
    }

    private struct Unexpected: Error {}
}
