import GraphIR
import ModelServing
import ServableCore
import TensorCodecs
import Tensors

/// Reads predict bodies that are no JSON: NumPy files, elements alone, pictures. Borrows the bytes.
@safe struct BinaryBody {
    private let bytes: UnsafeRawBufferPointer
    private let fields: PredictFields
    private let limits: BinaryLimits

    init(_ bytes: UnsafeRawBufferPointer, _ fields: PredictFields, _ limits: BinaryLimits) {
        unsafe self.bytes = bytes
        self.fields = fields
        self.limits = limits
    }

    /// Whether reading takes so long that the thread's other clients should not wait for it. What is not sound is refused soon.
    func isHeavy(for inputs: [Signature.Parameter]) -> Bool {
        do {
            switch fields.content {
            case .json, .npy, .raw: return false
            case .npz:
                let archive = try unsafe ZipArchive(bytes, limits: ZipArchive.Limits(byteCount: limits.inflatedByteCount))
                return archive.members.reduce(0) { $0 + $1.byteCount } > BinaryLimits.lightByteCount
            case .picture(let format):
                guard let layout = PictureLayout(try Self.tensor(of: Self.only(inputs))) else { return false }
                return try unsafe Picture(bytes, format, channels: layout.channels).sampleCount > BinaryLimits.lightByteCount
            }
        } catch {
            return false
        }
    }

    /// The inputs of a call, in the order of the signature's, and the form that a response in JSON takes.
    ///
    /// - Throws: `invalidArgument` that says what the body is, what was found and what was expected.
    func inputs(for inputs: [Signature.Parameter]) throws(ServableError) -> PredictBody {
        do {
            switch fields.content {
            case .json: throw ServableError(.internal, "a body of JSON was taken for another")
            case .npy:
                let input = try Self.only(inputs)
                let tensor = try unsafe NumPyArray.read(bytes, expected: Self.tensor(of: input).elementType)
                return (.columnar, try Self.call(inputs, [input.name: .dense(tensor)]))
            case .npz: return (.columnar, try Self.call(inputs, try archive(inputs)))
            case .raw:
                let input = try Self.only(inputs)
                let spec = TensorSpec(try fields.elementType ?? Self.tensor(of: input).elementType, fields.shape ?? .scalar)
                guard spec.elementType.isDense else {
                    throw ServableError(
                        .invalidArgument, "input \"\(input.name)\" takes strings, which have no raw form; send them as JSON")
                }
                return (.columnar, try Self.call(inputs, [input.name: .dense(try unsafe NumPyArray.read(elements: bytes, spec))]))
            case .picture(let format):
                let input = try Self.only(inputs)
                let value = try picture(format, input)
                return (value.shape.rank == 4 ? .row : .columnar, try Self.call(inputs, [input.name: value]))
            }
        } catch let error as TensorCodecError {
            throw ServableError(error.statusCode, "the request body \(error.reason)")
        } catch let error as ServableError {
            throw error
        } catch {
            throw ServableError(wrapping: error)
        }
    }

    private func archive(_ inputs: [Signature.Parameter]) throws -> [String: TensorValue] {
        func known(_ name: String) -> Signature.Parameter? { inputs.first { $0.name == name } }
        let members = try unsafe NumPyArchive.read(bytes, byteLimit: limits.inflatedByteCount) { known($0)?.tensor?.elementType }
        // numpy.savez(file, x) has no other name for its only array.
        if members.count == 1, members[0].name == "arr_0", known("arr_0") == nil {
            return [try Self.only(inputs).name: .dense(members[0].tensor)]
        }
        if let unknown = members.first(where: { known($0.name) == nil }) {
            throw ServableError(
                .invalidArgument,
                "the request body has a member \"\(unknown.name).npy\", but the signature's inputs are \(Self.list(inputs))")
        }
        return Dictionary(uniqueKeysWithValues: members.map { ($0.name, TensorValue.dense($0.tensor)) })
    }

    private func picture(_ format: Picture.Format, _ input: Signature.Parameter) throws -> TensorValue {
        let type = try Self.tensor(of: input)
        if type.elementType == .string { return .strings(try encoded(input, type)) }
        guard let layout = PictureLayout(type) else {
            throw ServableError(
                .invalidArgument,
                "input \"\(input.name)\" is \(input.type), which takes no picture; expected uint8 or float32 of [1,height,width,channels] or [1,channels,height,width] with 1, 3 or 4 channels"
            )
        }
        let scale = fields.scale ?? SampleScale()
        for (name, list) in [("Apus-Image-Mean", scale.mean), ("Apus-Image-Scale", scale.scale)] {
            guard list.count == 1 || list.count == layout.channels else {
                throw ServableError(
                    .invalidArgument,
                    "the header \(name) has \(list.count) numbers; expected one, or one for each of \(layout.channels) channels")
            }
        }
        if layout.elementType == .uint8, fields.scale != nil {
            throw ServableError(
                .invalidArgument,
                "input \"\(input.name)\" takes uint8 samples as they are; leave out Apus-Image-Mean and Apus-Image-Scale")
        }
        let picture = try unsafe Picture(
            bytes, format, channels: layout.channels, limits: Picture.Limits(pixelCount: limits.pixelCount))
        return .dense(try picture.tensor(layout, scale))
    }

    /// For a network that decodes pictures itself: the file as one string.
    private func encoded(_ input: Signature.Parameter, _ type: TensorType) throws(ServableError) -> StringTensor {
        let rank = type.shape?.rank ?? 0
        guard rank <= 1 else {
            throw ServableError(.invalidArgument, "input \"\(input.name)\" is \(input.type), expected one string for a picture's file")
        }
        return unsafe StringTensor(shape: rank == 0 ? .scalar : [1], elements: [Array(bytes)])
    }

    // MARK: Inputs

    /// The input that a body of one tensor means: the only one that has to be given.
    private static func only(_ inputs: [Signature.Parameter]) throws(ServableError) -> Signature.Parameter {
        if inputs.count == 1 { return inputs[0] }
        let needed = inputs.filter { $0.absent == nil }
        guard needed.count == 1 else {
            throw ServableError(
                .invalidArgument,
                "the request body is one tensor, but the signature has the inputs \(list(inputs)); send them as application/x-npz or JSON")
        }
        return needed[0]
    }

    private static func tensor(of input: Signature.Parameter) throws(ServableError) -> TensorType {
        guard let type = input.tensor else {
            throw ServableError(.invalidArgument, "input \"\(input.name)\" is \(input.type), which has no binary form; send it as JSON")
        }
        return type
    }

    private static func call(_ inputs: [Signature.Parameter], _ given: [String: TensorValue]) throws(ServableError) -> CallInputs {
        for input in inputs where given[input.name] == nil && input.absent == nil {
            throw ServableError(
                .invalidArgument, "the request body has no tensor for input \"\(input.name)\"; the inputs are \(list(inputs))")
        }
        return CallInputs(inputs.completed(inputs.map { given[$0.name].map(RuntimeValue.init) }))
    }

    private static func list(_ inputs: [Signature.Parameter]) -> String { inputs.map { "\"\($0.name)\"" }.joined(separator: ", ") }
}

/// How much a body that is no JSON may hold.
struct BinaryLimits: Sendable {
    /// Of the members of an archive together.
    var inflatedByteCount: Int
    /// Of a picture.
    var pixelCount: Int

    /// What is read on the thread that has received it: a millisecond's work, about.
    static let lightByteCount = 1 << 20
}

extension TensorCodecError {
    fileprivate var statusCode: StatusCode {
        switch self {
        case .malformed, .unsupported, .tooLarge: .invalidArgument
        case .outOfMemory: .resourceExhausted
        }
    }
}
