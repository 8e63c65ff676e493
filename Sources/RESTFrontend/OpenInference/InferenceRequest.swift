import GraphIR
import ModelServing
import OpenInference
import ServableCore
import Tensors

/// What the body of an inference request says.
struct InferenceRequest {
    let inputs: CallInputs
    let outputs: [RequestedOutput]
    let parameters: RequestParameters
    /// As the request has it; nil when it has none, or an empty one.
    let id: String?
}

/// Reads the bodies of inference requests: JSON (section 2 of the Open Inference Protocol's contract), and the binary parts behind it
/// (section 5). Tensors are copied once, from the body to memory of their own.
struct InferenceRequestReader {
    private let signature: CallableSignature
    private let limits: TensorJSONLimits
    private var inputs: InputSet
    private var outputs: [RequestedOutput] = []
    private var parameters = RequestParameters()
    private var id: String?
    /// Inputs whose data are in the binary part, in its order.
    private var binary: [(place: InputSet.Place, byteCount: Int)] = []
    private var seen: Set<Member> = []

    private enum Member: String, CaseIterable { case inputs, outputs, parameters, id }

    private static let maximumNameByteCount = 1024
    private static let maximumIDByteCount = 64 << 10
    /// More than any model has, with room for names that are given twice.
    private static let maximumOutputCount = 4096

    init(_ signature: CallableSignature, _ limits: TensorJSONLimits) {
        self.signature = signature
        self.limits = limits
        inputs = InputSet(signature)
    }

    /// - Parameter jsonByteCount: bytes of the JSON at the beginning of the body, as the request's header says; nil: all of it. 0: the
    ///   body is nothing but the data of the model's only input.
    consuming func read(_ body: UnsafeRawBufferPointer, jsonByteCount: Int?) throws(ServableError) -> InferenceRequest {
        if jsonByteCount == 0 { return try unsafe readRaw(body) }
        let end = jsonByteCount ?? body.count
        guard end <= body.count else {
            throw ServableError(
                .invalidArgument, "Inference-Header-Content-Length is \(end), but the request body has \(body.count) bytes")
        }
        try unsafe readJSON(UnsafeRawBufferPointer(rebasing: body[..<end]))
        try unsafe readBinary(UnsafeRawBufferPointer(rebasing: body[end...]), isAnnounced: jsonByteCount != nil)
        return InferenceRequest(inputs: try inputs.callInputs(), outputs: outputs, parameters: parameters, id: id)
    }

    private consuming func readRaw(_ body: UnsafeRawBufferPointer) throws(ServableError) -> InferenceRequest {
        let place = try inputs.onlyPlace(byteCount: body.count)
        let value: TensorValue =
            place.spec.elementType.isDense
            ? try unsafe TensorBytes.read(body, place.spec, input: place.name)
            : .strings(unsafe StringTensor(shape: place.spec.shape, elements: [Array(body)]))
        inputs.fill(place, value)
        try parameters.note("binary_data_output", .bool(true))
        return InferenceRequest(inputs: try inputs.callInputs(), outputs: [], parameters: parameters, id: nil)
    }

    // MARK: JSON

    private mutating func readJSON(_ bytes: UnsafeRawBufferPointer) throws(ServableError) {
        try unsafe JSONCursor.withObject(bytes, maximumDepth: limits.maximumDepth) { (cursor) throws(ServableError) in
            try cursor.readObject("the request") { (name, cursor) throws(ServableError) in
                guard let member = Member.allCases.first(where: { name.equals($0.rawValue) }) else { return try cursor.skipValue() }
                guard seen.insert(member).inserted else {
                    throw ServableError(.invalidArgument, "the request has '\(member.rawValue)' more than once")
                }
                try read(member, &cursor)
            }
        }
        guard seen.contains(.inputs) else {
            throw ServableError(.invalidArgument, "the request has no 'inputs', the array of its input tensors")
        }
    }

    private mutating func read(_ member: Member, _ cursor: inout JSONCursor) throws(ServableError) {
        switch member {
        case .id:
            let text = try cursor.readString("'id'", limit: Self.maximumIDByteCount)
            id = text.isEmpty ? nil : text
        case .parameters:
            try cursor.readParameters("") { (name, value) throws(ServableError) in try parameters.note(name, value) }
        case .inputs:
            try cursor.readArray("'inputs'") { (index, cursor) throws(ServableError) in try readInput(index, &cursor) }
        case .outputs:
            try cursor.readArray("'outputs'") { (index, cursor) throws(ServableError) in
                guard index < Self.maximumOutputCount else {
                    throw ServableError(
                        .invalidArgument, "'outputs' has more than \(Self.maximumOutputCount) elements; leave it out for all outputs")
                }
                outputs.append(try readOutput(index, &cursor))
            }
        }
    }

    private func readOutput(_ index: Int, _ cursor: inout JSONCursor) throws(ServableError) -> RequestedOutput {
        var name: String?, noted: [(String, ParameterValue)] = []
        try cursor.readObject("'outputs[\(index)]'") { (member, cursor) throws(ServableError) in
            if member.equals("name") {
                name = try cursor.readString("'outputs[\(index)].name'", limit: Self.maximumNameByteCount)
            } else if member.equals("parameters") {
                try cursor.readParameters("outputs[\(index)]: ") { (name, value) throws(ServableError) in
                    guard noted.count < Self.maximumOutputCount else {
                        throw ServableError(.invalidArgument, "there are more than \(Self.maximumOutputCount) parameters")
                    }
                    noted.append((name, value))
                }
            } else {
                try cursor.skipValue()
            }
        }
        guard let name else { throw ServableError(.invalidArgument, "'outputs[\(index)]' has no 'name'") }
        var output = RequestedOutput(name)
        for (parameter, value) in noted {
            do throws(ServableError) {
                try output.note(parameter, value)
            } catch {
                throw ServableError(error.code, "output \"\(name)\": \(error.message)")
            }
        }
        return output
    }

    /// The members of an input, as far as they have come.
    private struct Input {
        let index: Int
        var name: String?
        var datatype: String?
        var shape: [UInt64]?
        var parameters = InputParameters()
        /// Where its data begin, when they came before what says how to read them.
        var dataPlace: Int?
        /// Once it was found among the model's.
        var place: InputSet.Place?
        var value: TensorValue?

        /// For messages.
        var title: String { name.map { "input \"\($0)\"" } ?? "'inputs[\(index)]'" }
    }

    private mutating func readInput(_ index: Int, _ cursor: inout JSONCursor) throws(ServableError) {
        var input = Input(index: index)
        try cursor.readObject("'inputs[\(index)]'") { (member, cursor) throws(ServableError) in
            if member.equals("name") {
                input.name = try cursor.readString("'inputs[\(index)].name'", limit: Self.maximumNameByteCount)
            } else if member.equals("datatype") {
                input.datatype = try cursor.readString("the 'datatype' of \(input.title)", limit: Self.maximumNameByteCount)
            } else if member.equals("shape") {
                input.shape = try Self.readShape(input.title, &cursor)
            } else if member.equals("parameters") {
                try cursor.readParameters("\(input.title): ") { (name, value) throws(ServableError) in
                    try input.parameters.note(name, value)
                }
            } else if member.equals("data") {
                try readData(&input, &cursor)
            } else {
                try cursor.skipValue()
            }
        }
        try finish(&input, cursor)
    }

    private static func readShape(_ title: String, _ cursor: inout JSONCursor) throws(ServableError) -> [UInt64] {
        var shape: [UInt64] = []
        try cursor.readArray("the 'shape' of \(title)") { (axis, cursor) throws(ServableError) in
            guard axis < Shape.maximumRank else {
                throw ServableError(.invalidArgument, "the 'shape' of \(title) has more than \(Shape.maximumRank) dimensions")
            }
            guard let extent = cursor.readInteger(UInt64.self) else {
                try cursor.skipValue()
                throw ServableError(
                    .invalidArgument, "the 'shape' of \(title) has a dimension that is no whole number of at least 0 within 64 bits")
            }
            shape.append(extent)
        }
        return shape
    }

    /// Data are read at once when it is known what they are, as clients write them last.
    private mutating func readData(_ input: inout Input, _ cursor: inout JSONCursor) throws(ServableError) {
        guard cursor.kind != .null else { return try cursor.skipValue() }
        guard input.dataPlace == nil, input.value == nil else {
            throw ServableError(.invalidArgument, "\(input.title) has 'data' more than once")
        }
        guard input.name != nil, input.datatype != nil, input.shape != nil else {
            input.dataPlace = cursor.place
            return try cursor.skipValue()
        }
        try readTensor(&input, &cursor)
    }

    private mutating func readTensor(_ input: inout Input, _ cursor: inout JSONCursor) throws(ServableError) {
        let place = try place(of: &input)
        guard input.parameters.binaryByteCount == nil else { throw Self.twofold(input) }
        guard cursor.kind == .array else {
            try cursor.skipValue()
            throw ServableError(.invalidArgument, "the 'data' of \(input.title) is no array")
        }
        let limits = limits
        do throws(ServableError) {
            input.value = try unsafe cursor.read { (position, text) throws(DecodeFault) in
                try unsafe Self.read(place.spec, &position, text, limits)
            }
        } catch {
            throw ServableError(error.code, "\(input.title): \(error.message)")
        }
    }

    private static func read(
        _ spec: TensorSpec, _ position: inout UnsafePointer<UInt8>, _ text: SentinelText, _ limits: TensorJSONLimits
    ) throws(DecodeFault) -> TensorValue {
        try unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: ListLevels.wordCount(limits)) { (memory) throws(DecodeFault) in
            // Temporary memory always has an address.
            let levels = unsafe ListLevels(memory.baseAddress.unsafelyUnwrapped, limits)
            // A small tensor in a large text takes no more memory than it needs.
            let expected = min(spec.shape.elementCount, 1 << 32) * 16 + 64
            var reader = unsafe InputReader(
                spec.elementType, dialect: .openInference, limits: limits, textByteCount: min(text.end - position, expected), levels: levels
            )
            try unsafe reader.readWhole(&position, text)
            return try reader.whole(as: spec.shape)
        }
    }

    private mutating func place(of input: inout Input) throws(ServableError) -> InputSet.Place {
        if let place = input.place { return place }
        guard let name = input.name else { throw ServableError(.invalidArgument, "'inputs[\(input.index)]' has no 'name'") }
        guard let datatype = input.datatype else { throw ServableError(.invalidArgument, "input \"\(name)\" has no 'datatype'") }
        guard let shape = input.shape else { throw ServableError(.invalidArgument, "input \"\(name)\" has no 'shape'") }
        let place = try inputs.admit(name, datatype: datatype, shape: shape)
        input.place = place
        return place
    }

    private static func twofold(_ input: Input) -> ServableError {
        ServableError(.invalidArgument, "\(input.title) has both 'data' and the parameter \"binary_data_size\"; leave one out")
    }

    /// All members have come.
    private mutating func finish(_ input: inout Input, _ cursor: JSONCursor) throws(ServableError) {
        if let start = input.dataPlace {
            var cursor = cursor.moved(to: start)
            try readTensor(&input, &cursor)
        }
        let place = try place(of: &input)
        switch (input.value, input.parameters.binaryByteCount) {
        case (let value?, nil): inputs.fill(place, value)
        case (nil, let byteCount?): binary.append((place, byteCount))
        case (_?, _?): throw Self.twofold(input)
        case (nil, nil):
            throw ServableError(
                .invalidArgument, "\(input.title) has no 'data', nor the parameter \"binary_data_size\" for data behind the JSON")
        }
    }

    // MARK: The binary part

    private mutating func readBinary(_ bytes: UnsafeRawBufferPointer, isAnnounced: Bool) throws(ServableError) {
        var offset = 0
        for (place, byteCount) in binary {
            guard byteCount <= bytes.count - offset else {
                let advice = isAnnounced ? "" : "; Inference-Header-Content-Length must say where the JSON ends"
                throw ServableError(
                    .invalidArgument,
                    "input \"\(place.name)\" has \"binary_data_size\" \(byteCount), but \(bytes.count - offset) bytes of binary data are there\(advice)"
                )
            }
            let data = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + byteCount])
            inputs.fill(place, try unsafe TensorBytes.read(data, place.spec, input: place.name))
            offset += byteCount
        }
        guard offset == bytes.count else {
            throw ServableError(
                .invalidArgument, "the request body has \(bytes.count - offset) bytes behind the data of its last binary input")
        }
    }
}
