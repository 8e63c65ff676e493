import GraphIR
package import ModelServing
package import ServableCore
package import Tensors

/// The inputs of one request, checked against the signature as they come, in whatever order.
package struct InputSet {
    private let accepted: [Signature.Parameter]
    private var values: [RuntimeValue?]
    private var isAdmitted: [Bool]

    package init(_ signature: borrowing CallableSignature) {
        accepted = signature.accepted
        values = Array(repeating: nil, count: accepted.count)
        isAdmitted = Array(repeating: false, count: accepted.count)
    }

    /// Where an input's value goes, and what it must be.
    package struct Place: Sendable {
        package let name: String
        package let spec: TensorSpec
        fileprivate let index: Int
    }

    /// Finds the input of that name and checks what the request says of it, before any memory is taken for it.
    ///
    /// - Parameter shape: of the whole batch.
    /// - Throws: `invalidArgument` that names the input, what was found and what the model declares.
    package mutating func admit(_ name: String, datatype: String, shape: [UInt64]) throws(ServableError) -> Place {
        guard let index = accepted.firstIndex(where: { $0.name == name }) else {
            throw ServableError(.invalidArgument, "unexpected input \"\(name.prefix(256))\"; the model's inputs are \(Self.list(accepted))")
        }
        guard !isAdmitted[index] else { throw ServableError(.invalidArgument, "input \"\(name)\" is given more than once") }
        isAdmitted[index] = true
        let type = try tensorType(of: index)
        let expected = try Self.datatype(of: type, name)
        guard datatype == expected.name else {
            throw ServableError(
                .invalidArgument, "input \"\(name)\" has datatype \(datatype.prefix(64)), the model takes \(expected.name)")
        }
        return Place(name: name, spec: TensorSpec(type.elementType, try Self.shape(shape, type, name)), index: index)
    }

    /// Gives the value of an admitted input.
    package mutating func fill(_ place: Place, _ value: TensorValue) {
        let value = RuntimeValue(value)
        if case .optional = accepted[place.index].type { values[place.index] = .optional(value) } else { values[place.index] = value }
    }

    /// The call's inputs, those that the request leaves out at their defaults.
    package consuming func callInputs() throws(ServableError) -> CallInputs {
        let missing = accepted.indices.filter { values[$0] == nil && accepted[$0].absent == nil }
        guard missing.isEmpty else {
            let names = missing.map { "\"\(accepted[$0].name)\"" }.joined(separator: ", ")
            throw ServableError(
                .invalidArgument, "the request has no input \(names); the model's inputs are \(Self.list(accepted))")
        }
        return CallInputs(accepted.completed(values))
    }

    /// The only input, and what it is when so many bytes are its data: for a request that is nothing else.
    ///
    /// Allowed for a model of one input with at most one free dimension, which follows from the bytes.
    package func onlyPlace(byteCount: Int) throws(ServableError) -> Place {
        let needed = accepted.indices.filter { accepted[$0].absent == nil }
        guard needed.count == 1 else {
            throw ServableError(
                .invalidArgument, "a request of raw data alone is for a model of one input; this one takes \(Self.list(accepted))")
        }
        let index = needed[0], name = accepted[index].name
        let type = try tensorType(of: index)
        _ = try Self.datatype(of: type, name)
        guard let dimensions = type.shape?.dimensions, dimensions.count(where: { $0.value == nil }) <= 1 else {
            throw ServableError(
                .invalidArgument,
                "a request of raw data alone is for an input with at most one free dimension; \"\(name)\" is \(ModelMetadata.Tensor(accepted[index]))"
            )
        }
        let extents = dimensions.map(\.value)
        let shape =
            type.elementType.isDense ? Self.shape(extents, elementByteCount: type.elementType.byteCount, byteCount) : Self.single(extents)
        guard let shape else {
            throw ServableError(
                .invalidArgument,
                "\(byteCount) bytes of raw data are no tensor for input \"\(name)\", \(ModelMetadata.Tensor(accepted[index]))")
        }
        return Place(name: name, spec: TensorSpec(type.elementType, shape), index: index)
    }

    /// The shape whose free extent makes it so many bytes.
    private static func shape(_ extents: [Int?], elementByteCount: Int, _ byteCount: Int) -> Shape? {
        guard let fixed = Shape(checking: extents.map { $0 ?? 1 }), fixed.elementCount > 0 else { return nil }
        let rowByteCount = fixed.elementCount * elementByteCount
        let (count, rest) = byteCount.quotientAndRemainder(dividingBy: rowByteCount)
        guard rest == 0, extents.contains(nil) || count == 1 else { return nil }
        return Shape(checking: extents.map { $0 ?? count })
    }

    /// One string, whose bytes are the data.
    private static func single(_ extents: [Int?]) -> Shape? {
        guard let shape = Shape(checking: extents.map { $0 ?? 1 }), shape.elementCount == 1, shape.rank == 1 else { return nil }
        return shape
    }

    // MARK: What the model declares

    private func tensorType(of index: Int) throws(ServableError) -> TensorType {
        let parameter = accepted[index]
        if case .optional(let content) = parameter.type, let type = content.tensor { return type }
        guard let type = parameter.tensor else {
            throw ServableError(
                .invalidArgument,
                "input \"\(parameter.name)\" is \(parameter.type), which this protocol has no form for; use the model's :predict route")
        }
        return type
    }

    private static func datatype(of type: TensorType, _ name: String) throws(ServableError) -> Datatype {
        guard let datatype = Datatype(type.elementType) else {
            throw ServableError(
                .invalidArgument,
                "input \"\(name)\" is \(type.elementType), which this protocol has no datatype for; use the model's :predict route")
        }
        return datatype
    }

    private static func shape(_ extents: [UInt64], _ type: TensorType, _ name: String) throws(ServableError) -> Shape {
        let found = "[" + extents.prefix(40).map(String.init).joined(separator: ",") + (extents.count > 40 ? ",…]" : "]")
        guard let shape = Shape(checking: extents.map { Int(exactly: $0) ?? -1 }) else {
            throw ServableError(
                .invalidArgument,
                "input \"\(name)\" has shape \(found), which is more than \(Shape.maximumRank) dimensions or \(Shape.maximumElementCount) elements"
            )
        }
        guard type.shape?.admits(shape) ?? true else {
            let expected = ModelMetadata.Tensor.dimensions(of: type).map(String.init).joined(separator: ",")
            throw ServableError(.invalidArgument, "input \"\(name)\" has shape \(found), the model takes [\(expected)] (-1 is any)")
        }
        return shape
    }

    private static func list(_ parameters: [Signature.Parameter]) -> String {
        let names = parameters.prefix(20).map { "\"\($0.name)\"" }.joined(separator: ", ")
        return parameters.count > 20 ? "\(names) and \(parameters.count - 20) more" : names
    }
}
