import GraphIR
import Operators
import Tensors

/// The table of operators in the documentation, as Markdown.
enum OperatorTable {
    /// What is said of operators that no case of numbers runs.
    private static let described: [String: String] = [
        "CastMap": "maps from int64 to float32 or string", "CategoryMapper": "int64, string", "ConcatFromSequence": "sequences of tensors",
        "Constant": "that of its value", "DictVectorizer": "maps", "DynamicQuantizeLSTM": "float32",
        "If": "any", "ImageDecoder": "uint8",
        "LabelEncoder":
            "float32, float64, int16, int32, int64, string", "Loop": "any",
        "MelWeightMatrix": "int32, int64", "Optional": "any", "OptionalGetElement": "any",
        "OptionalHasElement": "any", "RandomNormal": "that of its attribute", "RandomUniform": "that of its attribute",
        "Range": "all numbers",
        "RegexFullMatch": "string", "Scan": "any", "SequenceAt": "sequences of tensors", "SequenceConstruct": "any",
        "SequenceEmpty": "any", "SequenceErase": "sequences of tensors", "SequenceInsert": "sequences of tensors",
        "SequenceLength": "sequences of tensors", "SequenceMap": "any", "SplitToSequence": "any", "StringConcat": "string",
        "StringNormalizer": "string", "StringSplit": "string", "Tokenizer": "string", "ZipMap": "float32",
    ]

    static let path = "deploy/operators.md"
    static let variable = "APUS_WRITE_OPERATOR_TABLE"

    private static let introduction = """
        # Operators

        What Apus computes. A test makes this table from the operators themselves and fails when it is not current; \
        `\(variable)=1 make test FILTER=OperatorTableTests` writes it anew.

        Element types are those of an operator's leading input: the data, not indices, shapes or scales. An operator set later \
        than the last that is known is read as that one, as far as the operator's own versions go.

        """

    static func text() throws -> String {
        let types = try typesByOperator()
        let domains = [
            ("ai.onnx", "", "ONNX"), ("ai.onnx.ml", "ai.onnx.ml", "ONNX, classical machine learning (ai.onnx.ml)"),
            ("com.microsoft", "com.microsoft", "ONNX Runtime's own (com.microsoft)"),
        ]
        var parts = [introduction]
        for (_, domain, title) in domains {
            let entries = StandardOperators.catalog.listing.filter { $0.domain == domain }
            parts.append("## \(title)\n\n| Operator | Operator sets | Element types |\n|---|---|---|")
            parts += entries.map { entry in
                let versions = entry.versions.map(range).joined(separator: ", ")
                return "| \(entry.name) | \(versions) | \(shown(types[Key(domain, entry.name)], entry.name)) |"
            }
            parts.append("")
        }
        let entries = StandardOperators.catalog.listing.filter { $0.domain == "tensorflow" }
        parts.append("## TensorFlow\n\n| Operator | Element types |\n|---|---|")
        parts += entries.map { "| \($0.name) | \(types[Key("tensorflow", $0.name)].map(list) ?? "") |" }
        return parts.joined(separator: "\n") + "\n"
    }

    private struct Key: Hashable {
        let domain: String
        let name: String

        init(_ domain: String, _ name: String) { (self.domain, self.name) = (domain, name) }
    }

    private static func typesByOperator() throws -> [Key: Set<ElementType>] {
        var types: [Key: Set<ElementType>] = [:]
        for row in RowCases.all + TypeCases.all {
            guard let probe = TypeProbe(row) else { continue }
            types[Key(row.dialect == .tensorFlow ? "tensorflow" : row.domain, row.name), default: []].formUnion(try probe.types())
        }
        return types
    }

    private static func range(_ versions: ClosedRange<Int>) -> String {
        if versions.upperBound == Int.max { return "\(versions.lowerBound)–" }
        return versions.count == 1 ? "\(versions.lowerBound)" : "\(versions.lowerBound)–\(versions.upperBound)"
    }

    private static func shown(_ types: Set<ElementType>?, _ name: String) -> String {
        guard let types, !types.isEmpty else { return described[name] ?? "" }
        return list(types)
    }

    private static func list(_ types: Set<ElementType>) -> String {
        ElementType.allCases.filter(types.contains).map(\.name).joined(separator: ", ")
    }
}

/// Operators whose rows no case shows, with inputs that they take.
enum TypeCases {
    static let all: [RowCase] = [
        shared("AffineGrid", [.shared([1, 2, 3]), .fixed([1, 1, 2, 2])]), shared("Bernoulli", [.shared([3], in: 0...1)]),
        shared("BlackmanWindow", [.shared([], .int64, in: 4...4)]), shared("HammingWindow", [.shared([], .int64, in: 4...4)]),
        shared("HannWindow", [.shared([], .int64, in: 4...4)]),
        shared("MaxRoiPool", [.shared([1, 1, 4, 4]), .shared([1, 5], in: 0...0)], ["pooled_shape": .integers([2, 2])]),
        shared("MaxUnpool", [.shared([1, 1, 2, 2]), .shared([1, 1, 2, 2], .int64, in: 0...3)], ["kernel_shape": .integers([2, 2])]),
        shared("Multinomial", [.shared([1, 3], in: 0...1)]),
        shared("NonMaxSuppression", [.shared([1, 2, 4], in: 0...1), .shared([1, 1, 2], in: 0...1)]),
        shared("RandomNormalLike", [.shared([3])]), shared("RandomUniformLike", [.shared([3])]),
        shared("RoiAlign", [.shared([1, 1, 4, 4]), .shared([1, 4], in: 0...3), .shared([1], .int64, in: 0...0)]),
        RowCase(
            "Inverse", [.shared([1, 1], in: 1...2)], .mixed, version: 1, domain: "com.microsoft"),
        RowCase(
            "RelativePositionBias", [.shared([8, 2]), .fixed([2]), .fixed([2])], .mixed, version: 1, domain: "com.microsoft",
            ["max_distance": .integer(8)]),
    ]

    private static func shared(_ name: String, _ inputs: [CaseInput?], _ attributes: [String: Attribute] = [:]) -> RowCase {
        RowCase(name, inputs, .mixed, version: 22, attributes)
    }
}
