import Glibc
import GraphIR
import HTTPCore
import ModelFormats
import ModelServing
import RESTFrontend
import ServableCore

/// What a run of `apus run` computes, and the form of its result as JSON.
struct RunRequest {
    let signature: Signature
    /// In the order of the signature's inputs, or of all that a request may give.
    let values: [RuntimeValue]
    /// As the request was written; files are columns.
    private var format = TensorFormat.columnar
    /// Positions of the outputs that are wanted; nil: all.
    private var outputs: [Int]?

    private static let maximumByteCount = 1 << 30

    init(_ signature: Signature, _ values: [RuntimeValue]) {
        self.signature = signature
        self.values = values
    }

    /// Reads the body of a predict request.
    ///
    /// - Parameters:
    ///   - path: of the file; `-` means standard input.
    ///   - name: of the signature, over the body's own.
    init(json path: String, _ file: ModelFile, signature name: String?) throws {
        let bytes = try Self.contents(path)
        let subject = path == "-" ? "standard input" : path
        var found: Signature?, envelope = PredictEnvelope()
        do {
            let body = try bytes.withUnsafeBytes { bytes in
                try PredictBodyReader().read(bytes, addressing: .url) { (given) throws(ServableError) in
                    let wanted = name ?? given.signatureName.flatMap { $0.isEmpty ? nil : $0 } ?? Signature.defaultName
                    guard let signature = file.imported.signature(wanted) else {
                        let known = file.imported.signatures.map(\.name).joined(separator: ", ")
                        throw ServableError(.invalidArgument, "the model has no signature \"\(wanted)\"; it has \(known)")
                    }
                    (found, envelope) = (signature, given)
                    return signature.accepted
                }
            }
            (format, values) = (body.format, body.inputs.values)
        } catch let error as ServableError {
            throw CommandFailure(.badData, "--json \(subject): \(error.message)")
        }
        // The reader has asked for the signature, or it has thrown.
        signature = try found ?? file.signature(name)
        if !envelope.outputs.isEmpty { outputs = try Self.positions(envelope.outputs, in: signature) }
    }

    /// The result as a daemon would write it.
    func text(of results: [RuntimeValue]) throws -> String {
        let wanted = outputs ?? Array(results.indices)
        var buffer = ByteBuffer()
        buffer.append("{")
        do throws(ServableError) {
            let parameters = wanted.map { signature.outputs[$0] }
            try TensorPayload(parameters, CallOutputs(wanted.map { results[$0] }), format: format).append(to: &buffer)
        } catch {
            throw CommandFailure(.badData, "\(error.message); --outputs FOLDER writes every kind of output")
        }
        withExtendedLifetime(results) {}
        buffer.append("}")
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    private static func positions(_ names: [String], in signature: Signature) throws(CommandFailure) -> [Int] {
        var positions: [Int] = []
        for name in names {
            guard let position = signature.outputs.firstIndex(where: { $0.name == name }) else {
                let known = signature.outputs.map(\.name).joined(separator: ", ")
                throw CommandFailure(.badData, "outputs_filter names \"\(name)\"; the signature's outputs are \(known)")
            }
            positions.append(position)
        }
        return positions
    }

    private static func contents(_ path: String) throws(CommandFailure) -> [UInt8] {
        do throws(FileFault) {
            return try FileReader.bytes(of: path == "-" ? "/dev/stdin" : path, limit: maximumByteCount)
        } catch {
            throw CommandFailure(.inputOutput, "--json \(path): \(error)")
        }
    }
}
