import GraphIR
import Operators
import Tensors

extension RowCases {
    static let elementwise = unary + pairs + broadcasts + legacyBroadcasts + converting + chosen

    private static let functions = [
        "Abs", "Neg", "Ceil", "Floor", "Sqrt", "Reciprocal", "Exp", "Log", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh",
        "Asinh", "Acosh", "Atanh", "Erf", "Sign", "Round", "Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "HardSwish", "Mish",
        "LeakyRelu", "Elu", "Celu", "Selu", "HardSigmoid", "ThresholdedRelu", "Shrink", "Swish", "Gelu", "IsNaN", "IsInf", "Identity",
    ]

    private static let unary = functions.flatMap { name in
        [
            RowCase(name, [.rows([1, 17])], rows: 0), RowCase(name, [.rows([3, 2, 5], axis: 1)], rows: 1),
            RowCase(name, [.rows([3], .float16)], rows: 0),
        ]
    }

    private static let pairs = ["Add", "Sub", "Mul", "Div", "Pow", "Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"]
        .flatMap { name in
            [
                RowCase(name, [.rows([1, 5]), .rows([1, 5])], rows: 0),
                RowCase(name, [.rows([2, 5], axis: 1), .shared([2, 1])], rows: 1),
                RowCase(name, [.shared([4]), .rows([1, 3, 4])], rows: 0),
            ]
        }

    private static let whole = 1.0...9.0

    private static let broadcasts: [RowCase] =
        [
            RowCase("Add", [.rows([1, 3]), .shared([])], rows: 0),
            RowCase("Add", [.rows([1, 3]), .shared([1, 1, 3])], rows: 1),
            RowCase("Add", [.rows([2]), .rows([4, 2], axis: 1)], rows: 1),
            RowCase("Add", [.rows([1, 1]), .rows([1, 4])], rows: 0),
            RowCase("Add", [.rows([1], axis: 0), .rows([1, 1], axis: 0)], .mixed),
            RowCase("Div", [.rows([1, 3], .int64, in: whole), .rows([1, 3], .int64, in: whole)], rows: 0),
            RowCase("Mod", [.rows([1, 3], .int32, in: whole), .shared([3], .int32, in: whole)], rows: 0),
            RowCase(
                "BitShift", [.rows([1, 3], .uint8, in: whole), .shared([], .uint8, in: whole)], rows: 0, ["direction": .string("LEFT")]),
            RowCase("Where", [.rows([1, 1], .bool, in: 0...1), .shared([4]), .rows([1, 4])], rows: 0),
            RowCase("Where", [.shared([4], .bool, in: 0...1), .rows([1, 4]), .shared([])], rows: 0),
            RowCase("Max", [.rows([1, 4]), .shared([4]), .rows([1, 1])], rows: 0),
            RowCase("Min", [.rows([1, 4])], rows: 0),
            RowCase("Sum", [.rows([1, 4]), .rows([1, 4]), .shared([1, 1])], rows: 0),
            RowCase("Mean", [.shared([3, 1, 2]), .rows([2, 2])], rows: 1),
            RowCase("PRelu", [.rows([1, 3, 2]), .shared([3, 1])], rows: 0),
            RowCase("PRelu", [.rows([1, 3]), .rows([1, 1])], rows: 0),
            RowCase("PRelu", [.rows([1, 3, 2]), .shared([3])], rows: 0, version: 6),
            RowCase("PRelu", [.rows([2, 3, 2], axis: 1), .rows([3])], rows: 1, version: 6),
        ]
        + ["And", "Or", "Xor"].map { RowCase($0, [.rows([1, 3], .bool, in: 0...1), .shared([3], .bool, in: 0...1)], rows: 0) }
        + ["BitwiseAnd", "BitwiseOr", "BitwiseXor"].map {
            RowCase($0, [.rows([1, 3], .int32, in: whole), .rows([1, 3], .int32, in: whole)], rows: 0)
        }

    private static let legacyBroadcasts: [RowCase] = [
        RowCase("Add", [.rows([1, 3, 2]), .shared([3])], rows: 0, version: 6, ["broadcast": .integer(1), "axis": .integer(1)]),
        RowCase("Mul", [.rows([1, 3]), .rows([1])], rows: 0, version: 6, ["broadcast": .integer(1), "axis": .integer(0)]),
        RowCase("Sub", [.rows([1, 3]), .rows([1, 3])], rows: 0, version: 6),
    ]

    private static let converting: [RowCase] = [
        RowCase("Cast", [.rows([1, 3])], rows: 0, ["to": .integer(7)]),
        RowCase("CastLike", [.rows([1, 3]), .shared([2], .int32, in: whole)], rows: 0),
        RowCase("CastLike", [.shared([3]), .rows([1, 2], .int32, in: whole)], .states([.shared])),
        RowCase("Not", [.rows([1, 3], .bool, in: 0...1)], rows: 0),
        RowCase("BitwiseNot", [.rows([1, 3], .int32, in: whole)], rows: 0),
        RowCase("Clip", [.rows([1, 3])], rows: 0, version: 6, ["min": .float(0)]),
        RowCase("Clip", [.rows([1, 3]), .shared([]), nil], rows: 0),
        RowCase("Clip", [.rows([1, 3]), nil, .shared([])], rows: 0),
        RowCase("Dropout", [.rows([1, 3])], rows: 0, version: 6, ["is_test": .integer(1)]),
        RowCase("Dropout", [.rows([1, 3])], rows: 0, outputs: 2),
        RowCase(
            "Dropout", [.rows([1, 3]), .fixed([0.5], .float32, shape: []), .fixed([1], .bool, shape: [])], .mixed,
            ["seed": .integer(0)]),
        RowCase("Dropout", [.rows([1, 3]), .fixed([0.5], .float32, shape: []), .fixed([0], .bool, shape: [])], rows: 0),
    ]

    private static let chosen: [RowCase] = ["Softmax", "LogSoftmax", "Hardmax"].flatMap { name in
        [
            RowCase(name, [.rows([1, 3, 2])], rows: 0), RowCase(name, [.rows([3, 2, 2], axis: 1)], rows: 1),
            RowCase(name, [.rows([2, 1], axis: 1)], .mixed),
            RowCase(name, [.rows([2, 1], axis: 1)], rows: 1, ["axis": .integer(0)]),
            // Before opset 13 all axes from the named one on make a line.
            RowCase(name, [.rows([1, 3, 2])], rows: 0, version: 11),
            RowCase(name, [.rows([3, 1, 2], axis: 1)], .mixed, version: 11),
            RowCase(name, [.rows([2, 2, 3], axis: 1)], rows: 1, version: 11, ["axis": .integer(2)]),
            RowCase(name, [.rows([1, 3])], .mixed, version: 11, ["axis": .integer(0)]),
        ]
    }
}
