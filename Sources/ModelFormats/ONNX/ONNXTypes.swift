import GraphIR
import Tensors

extension ONNX {
    /// `TensorProto.DataType`
    enum DataType: Int32, CaseIterable {
        case undefined = 0, float, uint8, int8, uint16, int16, int32, int64, string, bool, float16, double, uint32, uint64
        case complex64, complex128, bfloat16, float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, uint4, int4
        case float4e2m1, float8e8m0, uint2, int2

        /// The name that ONNX's documents use: `float`, `int64`.
        static func name(of number: Int32) -> String {
            DataType(rawValue: number).map { String(describing: $0) } ?? "data type \(number)"
        }

        /// The engine's element type; nil for what is undefined.
        var elementType: ElementType? { Self.elementTypes[self] }

        private static let elementTypes = Dictionary(uniqueKeysWithValues: ElementType.allCases.map { (DataType($0), $0) })

        /// The number under which an element type is written.
        init(_ elementType: ElementType) {
            self =
                switch elementType {
                case .float32: .float
                case .float64: .double
                case .float16: .float16
                case .bfloat16: .bfloat16
                case .int8: .int8
                case .int16: .int16
                case .int32: .int32
                case .int64: .int64
                case .uint8: .uint8
                case .uint16: .uint16
                case .uint32: .uint32
                case .uint64: .uint64
                case .bool: .bool
                case .string: .string
                case .complex64: .complex64
                case .complex128: .complex128
                case .float8e4m3fn: .float8e4m3fn
                case .float8e4m3fnuz: .float8e4m3fnuz
                case .float8e5m2: .float8e5m2
                case .float8e5m2fnuz: .float8e5m2fnuz
                case .float8e8m0: .float8e8m0
                case .float4e2m1: .float4e2m1
                case .int4: .int4
                case .uint4: .uint4
                case .int2: .int2
                case .uint2: .uint2
                }
        }
    }
}

extension ONNX.ValueType {
    /// Whether the file says what the value is: a tensor's element type may be left undefined, at any depth.
    var isDeclared: Bool {
        switch kind {
        case .none: false
        case .tensor: dataType != ONNX.DataType.undefined.rawValue
        case .sequence, .map, .optional: element.first?.isDeclared ?? false
        case .sparseTensor, .opaque: true
        }
    }

    /// The declared type in the engine's terms; nil for what Apus does not compute with.
    ///
    /// Extents of 0 and below, as exporters write them for a batch, are unknown; so are extents that say nothing.
    var valueType: GraphIR.ValueType? {
        switch kind {
        case .tensor:
            elementType.map { .tensor(TensorType($0, dimensions.map { SymbolicShape($0.map(\.declared)) })) }
        case .sequence: element.first?.valueType.map { .sequence($0) }
        case .optional: element.first?.valueType.map { .optional($0) }
        case .map:
            if let key = elementType, let value = element.first?.valueType { .map(key: key, value: value) } else { nil }
        case .none, .sparseTensor, .opaque: nil
        }
    }

    private var elementType: ElementType? { ONNX.DataType(rawValue: dataType)?.elementType }
}

extension ONNX.Dimension {
    fileprivate var declared: Tensors.Dimension {
        if let value { return value > 0 && value <= Shape.maximumElementCount ? .known(Int(value)) : .unknown }
        if let parameter, !parameter.isEmpty { return .symbol(parameter) }
        return .unknown
    }
}
