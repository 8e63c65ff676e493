import GraphIR
import HTTPCore
import ModelServing
import ServableCore
import TensorCodecs
import Tensors

/// The outputs of a predict request as NumPy files or elements alone, where they lie.
///
/// Whatever can be refused is refused when it is made, so that writing cannot fail. Valid as long as the outputs are.
struct BinaryPayload {
    private let content: ResponseContent
    private let outputs: [(name: String, view: TensorView)]
    /// What stands before each output's elements, and at the end.
    private var pieces: [[UInt8]] = []

    /// - Parameters:
    ///   - isChosen: whether the client has asked for this content; otherwise several outputs make an archive of a single file.
    init(
        _ parameters: [Signature.Parameter], _ results: CallOutputs, _ content: ResponseContent, isChosen: Bool
    ) throws(ServableError) {
        var outputs: [(name: String, view: TensorView)] = []
        for index in 0..<min(parameters.count, results.count) {
            outputs.append((parameters[index].name, try Self.view(results[index], parameters[index].name)))
        }
        guard !outputs.isEmpty else { throw ServableError(.invalidArgument, "Cannot convert empty tensor map to a NumPy file") }
        self.outputs = outputs
        self.content = content == .npy && outputs.count > 1 && !isChosen ? .npz : content
        switch self.content {
        case .npz: pieces = try Self.archivePieces(outputs)
        case .npy, .raw, .json:
            guard outputs.count == 1 else {
                let names = outputs.map { "\"\($0.name)\"" }.joined(separator: ", ")
                throw ServableError(
                    .invalidArgument,
                    "the response has the outputs \(names), of which this content type holds one; choose it with Apus-Outputs-Filter, or accept application/x-npz"
                )
            }
            pieces = content == .npy ? [NumPyArray.header(of: outputs[0].view.spec), []] : [[], []]
        }
    }

    private static func view(_ value: ValueView, _ name: String) throws(ServableError) -> TensorView {
        switch value {
        case .dense(let view): return view
        case .object(.tensor(let tensor)): return tensor.view
        case .object(let other):
            throw ServableError(
                .invalidArgument, "output \"\(name)\" is \(other.kind), which has no binary form; accept application/json")
        }
    }

    private static func archivePieces(_ outputs: [(name: String, view: TensorView)]) throws(ServableError) -> [[UInt8]] {
        var writer = NumPyArchiveWriter()
        var pieces: [[UInt8]] = []
        for output in outputs {
            do { pieces.append(try writer.begin(output.name, output.view)) } catch {
                throw ServableError(.invalidArgument, "output \"\(output.name)\" \(error.reason)")
            }
        }
        return pieces + [writer.end()]
    }

    var contentType: StaticString {
        switch content {
        case .json: "application/json"
        case .npy: "application/x-npy"
        case .npz: "application/x-npz"
        case .raw: "application/octet-stream"
        }
    }

    /// Appends the header fields that describe elements alone.
    func appendFields(to buffer: inout ByteBuffer) {
        guard content == .raw else { return }
        let spec = outputs[0].view.spec
        buffer.appendField(HTTPHeader("Apus-Tensor-Name", outputs[0].name))
        buffer.appendField(HTTPHeader("Apus-Tensor-Type", spec.elementType.name))
        buffer.appendField(HTTPHeader("Apus-Tensor-Shape", spec.shape.extents.map(String.init).joined(separator: ",")))
    }

    func append(to buffer: inout ByteBuffer) {
        for (piece, output) in zip(pieces, outputs) {
            unsafe piece.withUnsafeBytes { unsafe buffer.append($0) }
            unsafe buffer.append(output.view.bytes)
        }
        unsafe pieces[outputs.count].withUnsafeBytes { unsafe buffer.append($0) }
    }
}
