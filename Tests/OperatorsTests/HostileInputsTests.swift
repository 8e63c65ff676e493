import Foundation
import GraphIR
import Operators
import Tensors
import Testing

/// Graphs may hand any operator anything: what does not fit is refused, and nothing ends the process.
@Suite("Hostile inputs")
struct HostileInputsTests {
    /// `APUS_HOSTILE_ROUNDS` asks for more than a test run has time for.
    private static let rounds = Int(ProcessInfo.processInfo.environment["APUS_HOSTILE_ROUNDS"] ?? "") ?? 60
    private static let types: [ElementType] = [
        .float32, .float32, .int32, .int64, .string, .bool, .float64, .uint8, .float16, .bfloat16, .complex64, .int8,
    ]
    private static let shapes: [Shape] = [
        .scalar, .scalar, [1], [2], [2, 3], [3, 3], [0], [2, 0, 3], [1, 4, 4, 2], [2, 3, 4], [1, 4, 4, 2], [1, 2, 2, 2, 2],
    ]
    /// Attributes that hold a number, as operators read them.
    private static let numbers = [
        "N", "aggregate_function", "axis", "batch_axis", "batch_dim", "batch_dims", "beam_width", "begin_mask",
        "blank_index", "block_size", "blocksize", "channels", "compression", "concat_dim", "dct_coefficient_count",
        "depth_radius", "desired_channels", "desired_samples", "ellipsis_mask", "end", "end_mask",
        "filterbank_channel_count", "group", "hidden_size", "input_quantization_axis", "input_ragged_rank", "k",
        "key_index", "limit", "maxlength", "maxsplit", "minlength", "n_targets", "new_axis_mask", "num", "num_bits",
        "num_buckets", "num_elements", "num_groups", "num_outputs", "num_partitions", "num_scan_inputs", "num_split",
        "offset", "output_quantization_axis", "output_ragged_rank", "p", "pad_width", "precision", "quality",
        "quantization_axis", "ratio", "reduction_dimension", "replacement_char", "rounds", "seed", "seq_dim",
        "shrink_axis_mask", "size", "start", "stride", "summarize", "time_axis", "top_paths", "value_index",
        "vocab_size", "width", "window_size", "num_heads", "kv_num_heads", "q_num_heads",
    ]
    /// Attributes that are true or not.
    private static let flags = [
        "adj_x", "adjoint", "align_corners", "antialias", "batched_input", "binary_output", "ceil_mode", "centered",
        "compute_uv", "exclusive", "full_matrices", "hashed_output", "is_training", "keep_dims", "keepdims", "lower",
        "magnitude_squared", "merge_repeated", "narrow_range", "normalize", "pad", "pad_per_class", "range_given",
        "reverse", "select_last_index", "signed_input", "skip_empty", "sorted", "spatial", "storage_order",
        "transpose_a", "transpose_b", "try_recover_truncated", "upper", "use_peephole", "validate_indices",
    ]
    /// Attributes that hold a list of numbers.
    private static let lists = [
        "axes", "cats_int64s", "dilations", "ends", "explicit_paddings", "imputed_value_int64s", "kernel_shape",
        "key", "ksize", "nodes_falsenodeids", "nodes_featureids", "nodes_nodeids", "nodes_treeids",
        "nodes_truenodeids", "ngram_widths", "output_padding", "output_shape", "pads", "perm", "select_cols", "shape",
        "split", "squeeze_dims", "starts", "strides", "tree_roots", "target_treeids", "target_nodeids", "target_ids",
        "block_shape",
    ]
    /// Attributes that hold the type of most inputs.
    private static let dataTypes = [
        "T", "T1", "SrcT", "Tparams", "element_dtype", "key_dtype", "Tin", "out_type", "type", "Tvalues", "Treal",
        "Tinput",
    ]
    /// Attributes that hold the type of the other inputs, or of outputs.
    private static let otherTypes = [
        "T2", "Tindices", "Tidx", "DstT", "value_dtype", "Tout", "output_type", "Tshape", "Tsplits", "index_type",
        "out_idx", "Tcomplex", "Taxis", "Tlabels", "dtype",
    ]
    /// Attributes in which ONNX numbers an element type.
    private static let typeNumbers = ["to", "dtype", "output_datatype", "output_dtype", "stash_type", "precision"]
    private static let choices: [String: [String]] = [
        "padding": ["SAME", "VALID", "EXPLICIT", "other"], "data_format": ["NHWC", "NCHW", "NDHWC", "other"],
        "equation": ["ij,jk->ik", "...i->...", "ii", "i,j"], "mode": ["constant", "reflect", "REFLECT", "linear", "MIN_FIRST"],
    ]

    @Test("are refused or computed by every operator, whatever their kinds")
    func kinds() {
        for entry in StandardOperators.catalog.listing {
            var numbers = RandomNumbers(state: entry.name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
            for _ in 0..<Self.rounds {
                let version = entry.versions[numbers.next(entry.versions.count)].lowerBound
                attempt(entry.domain, entry.name, version, &numbers)
            }
        }
    }

    private func attempt(_ domain: String, _ name: String, _ version: Int, _ numbers: inout RandomNumbers) {
        let type = numbers.element(Self.types), other = numbers.element(Self.types), isTensorFlow = domain == "tensorflow"
        let node = SourceNode(
            name: "node", domain: isTensorFlow ? "" : domain, operatorName: name, version: version,
            inputs: (0..<numbers.next(7)).map { "in\($0)" }, outputs: ["out"],
            attributes: attributes(type, other, isTensorFlow: isTensorFlow, &numbers))
        guard let spelling = StandardOperators.catalog.spelling(for: node, dialect: isTensorFlow ? .tensorFlow : .onnx) else { return }
        do {
            let values = node.inputs.map { _ in value(type, other, &numbers) }
            try run(try spelling.make(AttributeReader(node)), values, &numbers)
        } catch {
            // A refusal is what is wanted; only a trap would be wrong.
        }
    }

    private func attributes(
        _ type: ElementType, _ other: ElementType, isTensorFlow: Bool, _ numbers: inout RandomNumbers
    ) -> [String: Attribute] {
        var attributes: [String: Attribute] = [:]
        for key in Self.dataTypes { attributes[key] = .type(.tensor(TensorType(type, nil))) }
        for key in Self.otherTypes { attributes[key] = .type(.tensor(TensorType(other, nil))) }
        if !isTensorFlow {
            for key in Self.typeNumbers {
                attributes[key] = numbers.next(3) > 0 ? .integer(Int64(numbers.next(18))) : nil
            }
        }
        for key in Self.numbers where numbers.next(3) > 0 { attributes[key] = .integer(Int64(numbers.hostile())) }
        for key in Self.flags where numbers.next(2) == 0 { attributes[key] = .integer(Int64(numbers.next(2))) }
        for key in Self.lists where numbers.next(3) == 0 {
            attributes[key] = .integers((0..<numbers.next(6)).map { _ in Int64(numbers.hostile()) })
        }
        for (key, texts) in Self.choices.sorted(by: { $0.key < $1.key }) where numbers.next(2) == 0 {
            attributes[key] = .string(numbers.element(texts))
        }
        return attributes
    }

    private func run(_ made: any Operator, _ values: [RuntimeValue], _ numbers: inout RandomNumbers) throws {
        guard !(made is any SubgraphOperator) else { return }
        var op = made
        let isKnown = numbers.next(2) == 0
        let facts = values.map { fact($0, isKnown: isKnown) }
        op = op.fitted(to: facts)
        guard op.acceptsObjects || facts.allSatisfy(\.valueType.isDense) else { return }
        _ = try op.infer(OperatorInputs(facts, outputCount: 1))
        let allowance = MemoryAllowance(byteLimit: 1 << 22)
        if let op = op as? any DynamicOperator {
            _ = try withExtendedLifetime(values) {
                try op.evaluate(EvaluationContext(inputs: values.map { ValueView($0) }, outputCount: 1, allowance: allowance))
            }
        } else {
            let tensors = values.compactMap { if case .tensor(let tensor) = $0 { tensor } else { nil } }
            _ = try op.computed(tensors, outputCount: 1, kernels: nil, allowance: allowance)
        }
    }

    private func fact(_ value: RuntimeValue, isKnown: Bool) -> ValueFact {
        switch value {
        case .tensor(let tensor): isKnown ? ValueFact(constant: tensor) : ValueFact(tensor.elementType, nil as SymbolicShape?)
        case .strings(let tensor): isKnown ? ValueFact(constant: .strings(tensor)) : ValueFact(.string, nil as SymbolicShape?)
        case .list(let list): ValueFact(.list(list.elementType))
        default: ValueFact(.resource(.other("thing")))
        }
    }

    private func value(_ type: ElementType, _ other: ElementType, _ numbers: inout RandomNumbers) -> RuntimeValue {
        let shape = numbers.element(Self.shapes)
        switch numbers.next(20) {
        case 0: return .list(TensorList(TensorType(.float32, nil), [.tensor(Tensor(scalar: Float(1))), nil]))
        case 1: return .resource(Nothing())
        case 2: return strings(shape, &numbers)
        case 3, 4, 5: return tensor(.int32, shape, &numbers)
        case 6, 7: return tensor(.int64, shape, &numbers)
        case 8, 9: return other == .string ? strings(shape, &numbers) : tensor(other, shape, &numbers)
        default: return type == .string ? strings(shape, &numbers) : tensor(type, shape, &numbers)
        }
    }

    private func strings(_ shape: Shape, _ numbers: inout RandomNumbers) -> RuntimeValue {
        let words: [[UInt8]] = [[], Array("ab".utf8), [0xFF, 0xC3], Array("12".utf8), Array(repeating: 8, count: 20)]
        return .strings(StringTensor(shape: shape, elements: (0..<shape.elementCount).map { _ in numbers.element(words) }))
    }

    /// Small numbers mostly, and now and then the largest and the smallest of the type.
    private func tensor(_ type: ElementType, _ shape: Shape, _ numbers: inout RandomNumbers) -> RuntimeValue {
        let patterns: [UInt8] = [0, 1, 2, 3, 0xFF, 0x7F, 0x80]
        let isWild = numbers.next(3) == 0
        do {
            return .tensor(
                try Tensor(TensorSpec(type, shape)) { bytes in
                    for place in bytes.indices {
                        let isLowest = place % max(type.byteCount, 1) == 0
                        bytes[place] =
                            type == .bool
                            ? UInt8(numbers.next(2)) : isWild ? numbers.element(patterns) : isLowest ? UInt8(numbers.next(4)) : 0
                    }
                })
        } catch {
            return .tensor(Tensor(scalar: Float(0)))
        }
    }

    private final class Nothing: Resource {
        var byteCount: Int { 0 }
    }
}

private struct RandomNumbers {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    mutating func element<Element>(_ list: [Element]) -> Element { list[next(list.count)] }

    /// A small number mostly, and now and then one that overflows.
    mutating func hostile() -> Int {
        switch next(24) {
        case 0: element([Int.max, Int.min, Int(Int32.max), Int(Int32.min), 1 << 40])
        case let small: small % 6 - 1
        }
    }
}
