import Foundation
import RESTFrontend
import ServableCore
import Tensors
import Testing

/// Tensors as the vector file spells them: `{"dtype", "shape", "values"}`.
enum VectorTensors {
    static func elementType(_ name: String) throws -> ElementType {
        switch name {
        case "DT_FLOAT": .float32
        case "DT_DOUBLE": .float64
        case "DT_HALF": .float16
        case "DT_BFLOAT16": .bfloat16
        case "DT_INT8": .int8
        case "DT_INT16": .int16
        case "DT_INT32": .int32
        case "DT_INT64": .int64
        case "DT_UINT8": .uint8
        case "DT_UINT16": .uint16
        case "DT_UINT32": .uint32
        case "DT_UINT64": .uint64
        case "DT_BOOL": .bool
        case "DT_STRING": .string
        default: throw ServableError(.invalidArgument, "unknown dtype \(name)")
        }
    }

    static func value(_ description: [String: Any]) throws -> TensorValue {
        let name = try #require(description["dtype"] as? String)
        let type = try elementType(name)
        let extents = try #require(description["shape"] as? [Int])
        let shape = Shape(extents)
        let values = try #require(description["values"] as? [Any])
        switch type {
        case .float32: return .dense(Tensor(try values.map { Float(try double($0)) }, shape: shape))
        case .float64: return .dense(Tensor(try values.map(double), shape: shape))
        case .int8: return .dense(Tensor(try values.map { try integer($0, Int8.self) }, shape: shape))
        case .int16: return .dense(Tensor(try values.map { try integer($0, Int16.self) }, shape: shape))
        case .int32: return .dense(Tensor(try values.map { try integer($0, Int32.self) }, shape: shape))
        case .int64: return .dense(Tensor(try values.map { try integer($0, Int64.self) }, shape: shape))
        case .uint8: return .dense(Tensor(try values.map { try integer($0, UInt8.self) }, shape: shape))
        case .uint16: return .dense(Tensor(try values.map { try integer($0, UInt16.self) }, shape: shape))
        case .uint32: return .dense(Tensor(try values.map { try integer($0, UInt32.self) }, shape: shape))
        case .uint64: return .dense(Tensor(try values.map { try integer($0, UInt64.self) }, shape: shape))
        case .bool: return .dense(Tensor(try values.map { try #require($0 as? Bool) }, shape: shape))
        case .string:
            return .strings(StringTensor(shape: shape, elements: try values.map { Array(try #require($0 as? String).utf8) }))
        default: throw ServableError(.unimplemented, "no vector has values of \(type)")
        }
    }

    /// Equal element type, shape and elements, where NaN equals NaN and −0 differs from 0.
    static func areEqual(_ left: TensorValue, _ right: TensorValue) -> Bool {
        switch (left, right) {
        case (.strings(let a), .strings(let b)): return a == b
        case (.dense(let a), .dense(let b)):
            guard a.spec == b.spec else { return false }
            return a.withBytes { left in
                b.withBytes { right in
                    switch a.elementType {
                    case .float32: zip(left.bindMemory(to: Float.self), right.bindMemory(to: Float.self)).allSatisfy(same)
                    case .float64: zip(left.bindMemory(to: Double.self), right.bindMemory(to: Double.self)).allSatisfy(same)
                    default: left.elementsEqual(right)
                    }
                }
            }
        default: return false
        }
    }

    private static func same<Value: BinaryFloatingPoint>(_ left: Value, _ right: Value) -> Bool {
        left.isNaN ? right.isNaN : left == right && left.sign == right.sign
    }

    /// Numbers that JSON cannot hold are strings.
    private static func double(_ value: Any) throws -> Double {
        if let text = value as? String { return try #require(Double(text.lowercased())) }
        return try #require(value as? Double)
    }

    private static func integer<Value: FixedWidthInteger>(_ value: Any, _: Value.Type) throws -> Value {
        if let text = value as? String { return try #require(Value(text)) }
        let number = try #require(value as? Int)
        return try #require(Value(exactly: number))
    }
}
