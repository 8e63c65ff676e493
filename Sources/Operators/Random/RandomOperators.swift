package import GraphIR
import Tensors

/// TensorFlow's random operators, which give the numbers that TensorFlow gives on processors, and ONNX's.
package enum RandomOperators {
    package static let spellings: [OperatorSpelling] =
        simple + RandomShuffle.spellings + RandomDistributions.spellings + RandomStateOperators.spellings
        + RandomTensor.spellings + Bernoulli.spellings

    private static let simple: [OperatorSpelling] =
        [
            ("StatelessRandomUniform", RandomFill.uniform), ("StatelessRandomNormal", .normal),
            ("StatelessTruncatedNormal", .truncatedNormal),
        ]
        .flatMap { name, fill in [stateless(name, fill, default: .float32), keyed(name + "V2", fill, default: .float32)] }
        + [
            stateless("StatelessRandomUniformFullInt", .fullInteger, default: .uint64),
            keyed("StatelessRandomUniformFullIntV2", .fullInteger, default: .uint64),
            stateless("StatelessRandomUniformInt", nil, default: nil), keyed("StatelessRandomUniformIntV2", nil, default: nil),
            seeded("RandomUniform", .uniform), seeded("RandomStandardNormal", .normal), seeded("TruncatedNormal", .truncatedNormal),
            seeded("RandomUniformInt", nil, type: "Tout"),
            keyCounter("StatelessRandomGetKeyCounter", key: true, algorithm: false),
            keyCounter("StatelessRandomGetKeyCounterAlg", key: true, algorithm: true),
            keyCounter("StatelessRandomGetAlg", key: false, algorithm: true),
        ]

    private static func stateless(_ name: String, _ fill: RandomFill?, default fallback: ElementType?) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            RandomOperator(name: name, type: try type(reader, fallback), source: .seed(1), fill: fill)
        }
    }

    private static func keyed(_ name: String, _ fill: RandomFill?, default fallback: ElementType?) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            RandomOperator(name: name, type: try type(reader, fallback), source: .keyCounter(1), fill: fill)
        }
    }

    private static func type(_ reader: AttributeReader, _ fallback: ElementType?) throws(OperatorError) -> ElementType {
        if let fallback { return try reader.elementType("dtype") ?? fallback }
        return try reader.requiredType("dtype")
    }

    private static func seeded(_ name: String, _ fill: RandomFill?, type: String = "dtype") -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            RandomOperator(
                name: name, type: try reader.requiredType(type), source: .own(try SeededGenerator(reader)), fill: fill)
        }
    }

    private static func keyCounter(_ name: String, key: Bool, algorithm: Bool) -> OperatorSpelling {
        .tensorFlow(name) { _ throws(OperatorError) in RandomKeyCounter(name: name, givesKey: key, givesAlgorithm: algorithm) }
    }
}
