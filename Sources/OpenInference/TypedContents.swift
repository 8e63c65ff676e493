package import ServableCore
package import Tensors

/// A tensor's elements in the field that gRPC has for their type (`InferTensorContents`).
package enum TypedContents: Sendable {
    case bools([Bool])
    /// INT8, INT16, INT32
    case int32s([Int32])
    case int64s([Int64])
    /// UINT8, UINT16, UINT32
    case uint32s([UInt32])
    case uint64s([UInt64])
    case floats([Float])
    case doubles([Double])
    case strings([[UInt8]])

    package var count: Int {
        switch self {
        case .bools(let values): values.count
        case .int32s(let values): values.count
        case .int64s(let values): values.count
        case .uint32s(let values): values.count
        case .uint64s(let values): values.count
        case .floats(let values): values.count
        case .doubles(let values): values.count
        case .strings(let values): values.count
        }
    }

    /// The field's name in the message.
    var fieldName: String {
        switch self {
        case .bools: "bool_contents"
        case .int32s: "int_contents"
        case .int64s: "int64_contents"
        case .uint32s: "uint_contents"
        case .uint64s: "uint64_contents"
        case .floats: "fp32_contents"
        case .doubles: "fp64_contents"
        case .strings: "bytes_contents"
        }
    }

    /// - Throws: `invalidArgument` when the field is not the type's, holds fewer or more elements than the shape, or a number out of the
    ///   type's range.
    package func tensor(_ spec: TensorSpec, input: String) throws(ServableError) -> TensorValue {
        guard count == spec.shape.elementCount else {
            throw ServableError(
                .invalidArgument,
                "input \"\(input)\" has \(count) elements in \(fieldName), its shape \(spec.shape) has \(spec.shape.elementCount)")
        }
        switch (self, spec.elementType) {
        case (.bools(let values), .bool): return .dense(try Self.dense(values, spec, input))
        case (.int32s(let values), .int8): return .dense(try Self.dense(Self.narrowed(values, Int8.self, input), spec, input))
        case (.int32s(let values), .int16): return .dense(try Self.dense(Self.narrowed(values, Int16.self, input), spec, input))
        case (.int32s(let values), .int32): return .dense(try Self.dense(values, spec, input))
        case (.int64s(let values), .int64): return .dense(try Self.dense(values, spec, input))
        case (.uint32s(let values), .uint8): return .dense(try Self.dense(Self.narrowed(values, UInt8.self, input), spec, input))
        case (.uint32s(let values), .uint16): return .dense(try Self.dense(Self.narrowed(values, UInt16.self, input), spec, input))
        case (.uint32s(let values), .uint32): return .dense(try Self.dense(values, spec, input))
        case (.uint64s(let values), .uint64): return .dense(try Self.dense(values, spec, input))
        case (.floats(let values), .float32): return .dense(try Self.dense(values, spec, input))
        case (.doubles(let values), .float64): return .dense(try Self.dense(values, spec, input))
        case (.strings(let values), .string): return .strings(StringTensor(shape: spec.shape, elements: values))
        default:
            let name = Datatype(nearestTo: spec.elementType).name
            throw ServableError(
                .invalidArgument, "input \"\(input)\" is \(name), but its elements are in \(fieldName); \(Self.place(of: spec.elementType))"
            )
        }
    }

    private static func place(of type: ElementType) -> String {
        switch type {
        case .bool: "put them in bool_contents"
        case .int8, .int16, .int32: "put them in int_contents"
        case .int64: "put them in int64_contents"
        case .uint8, .uint16, .uint32: "put them in uint_contents"
        case .uint64: "put them in uint64_contents"
        case .float32: "put them in fp32_contents"
        case .float64: "put them in fp64_contents"
        case .string: "put them in bytes_contents"
        default: "this type travels in raw_input_contents alone"
        }
    }

    private static func dense<Scalar: TensorScalar>(
        _ values: [Scalar], _ spec: TensorSpec, _ input: String
    ) throws(ServableError) -> Tensor {
        do {
            return try unsafe Tensor(spec) { bytes in unsafe values.withUnsafeBytes { unsafe bytes.copyMemory(from: $0) } }
        } catch {
            throw ServableError(.resourceExhausted, "input \"\(input)\" \(error)")
        }
    }

    private static func narrowed<Wide: FixedWidthInteger, Narrow: FixedWidthInteger>(
        _ values: [Wide], _: Narrow.Type, _ input: String
    ) throws(ServableError) -> [Narrow] {
        var narrow: [Narrow] = []
        narrow.reserveCapacity(values.count)
        for value in values {
            guard let fitting = Narrow(exactly: value) else {
                throw ServableError(
                    .invalidArgument, "input \"\(input)\" holds \(value), expected \(Narrow.min) to \(Narrow.max)")
            }
            narrow.append(fitting)
        }
        return narrow
    }
}
