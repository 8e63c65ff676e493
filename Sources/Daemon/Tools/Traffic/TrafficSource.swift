import Glibc
import GraphIR
import HTTPCore
import ModelFormats
import ModelServing
import RESTFrontend
import ServableCore

/// Where the requests of a measurement come from: a request log, a file, or values made up for a model.
enum TrafficSource {
    /// Longer files are replayed in parts.
    private static let maximumFileByteCount = 1 << 30

    /// The requests of a request log.
    static func recorded(_ path: String) throws(CommandFailure) -> [OutgoingRequest] {
        let bytes = try contents(path, option: "--replay")
        do throws(ServableError) {
            let requests = try RecordedRequests.read(bytes)
            guard !requests.isEmpty else { throw ServableError(.invalidArgument, "the file holds no requests") }
            return requests.map { OutgoingRequest(path: $0.path, contentType: "application/json", body: $0.body) }
        } catch {
            throw CommandFailure(.badData, "--replay \(path): \(error.message)")
        }
    }

    /// A file as the body of every request.
    ///
    /// - Parameter path: of the URL.
    static func file(_ name: String, path: String) throws(CommandFailure) -> OutgoingRequest {
        let type =
            switch name.split(separator: ".").last.map({ $0.lowercased() }) {
            case "npy": "application/x-npy"
            case "npz": "application/x-npz"
            case "jpg", "jpeg": "image/jpeg"
            case "png": "image/png"
            default: "application/json"
            }
        return OutgoingRequest(path: path, contentType: type, body: try contents(name, option: "--body"))
    }

    /// Made-up values for the default signature of the model in a file.
    ///
    /// - Parameter path: of the URL; empty: the model's name is taken from the file's path.
    static func samples(_ model: String, _ inputs: SampleInputs, path: String) throws -> OutgoingRequest {
        let file = try ModelFile(path: model)
        let signature = try file.shownSignature()
        let values = try inputs.tensors(signature).map(RuntimeValue.tensor)
        let url = path.isEmpty ? "/v1/models/\(CallExample(signature, path: file.path).model):predict" : path
        return OutgoingRequest(path: url, contentType: "application/json", body: try body(signature, values))
    }

    private static func body(_ signature: Signature, _ values: [RuntimeValue]) throws -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.append("{\"signature_name\":")
        buffer.appendJSON(string: signature.name)
        buffer.append(",\"inputs\":")
        do throws(ServableError) {
            try TensorPayload(signature.inputs, CallOutputs(values), format: .columnar).appendValue(to: &buffer)
        } catch {
            throw CommandFailure(error) ?? CommandFailure(.failed, error.message)
        }
        withExtendedLifetime(values) {}
        buffer.append("}")
        return Array(buffer.bytes)
    }

    private static func contents(_ path: String, option: String) throws(CommandFailure) -> [UInt8] {
        do throws(FileFault) {
            return try FileReader.bytes(of: path, limit: maximumFileByteCount)
        } catch {
            throw CommandFailure(.inputOutput, "\(option) \(path): \(error)")
        }
    }
}
