import GraphIR
import Tensors

/// Makes a network of operators at random, the same for the same seed: what exporters write, in arrangements that nobody writes.
///
/// Values stay of moderate size, and nothing steps: a small difference of one value makes small differences of others.
struct RandomNetwork {
    /// A value of float32 with its shape in the run.
    struct Value {
        let name: String
        let shape: [Int]
        /// What its elements stay below.
        let bound: Double
    }

    static let version = 17
    static let elementLimit = 3000

    var random: NetworkRandom
    private(set) var nodes: [SourceNode] = []
    private(set) var constants: [(name: String, value: TensorValue)] = []
    private(set) var values: [Value] = []
    private var names = 0

    /// - Parameter seed: of all choices.
    init(seed: Int) {
        var random = NetworkRandom(seed: seed)
        let shapes = [[2, 4, 6, 6], [2, 5, 8], [3, 8], [2, 3, 5, 4]]
        let count = 1 + random.below(2)
        inputs = (0..<count).map { Input(name: "x\($0)", shape: random.pick(shapes), kind: random.below(3)) }
        self.random = random
        values = inputs.map { Value(name: $0.name, shape: $0.shape, bound: 2) }
        for _ in 0..<4 + random.below(14) { addStep() }
    }

    // MARK: The network

    private struct Input {
        let name: String
        let shape: [Int]
        /// How much of the shape is declared: all, names for some extents, nothing.
        let kind: Int
    }

    private let inputs: [Input]

    /// The network with the value made last, and some others, as outputs.
    var source: SourceGraph {
        var random = random
        let made = values.filter { value in !inputs.contains { $0.name == value.name } }
        var outputs = made.suffix(1).map(\.name)
        for value in made.dropLast() where random.below(6) == 0 && outputs.count < 3 { outputs.append(value.name) }
        return SourceGraph(
            name: "random", dialect: .onnx, inputs: inputs.map { SourceValue(name: $0.name, type: Self.declared($0)) },
            outputs: outputs.map { SourceValue(name: $0, type: nil as ValueType?) }, initializers: constants, nodes: nodes)
    }

    private static func declared(_ input: Input) -> TensorType {
        switch input.kind {
        case 0: TensorType(.float32, SymbolicShape(Shape(input.shape)))
        case 1:
            TensorType(
                .float32, SymbolicShape(input.shape.enumerated().map { $0 % 2 == 0 ? .symbol("d\($0)") : .known($1) }))
        default: TensorType(.float32, nil)
        }
    }

    /// Contents for the inputs.
    func contents(seed: Int) -> [Tensor] {
        var random = NetworkRandom(seed: seed)
        return inputs.map { random.tensor($0.shape, in: -2...2) }
    }

    // MARK: Parts

    mutating func name(_ prefix: String = "v") -> String {
        names += 1
        return "\(prefix)\(names)"
    }

    mutating func constant(_ tensor: Tensor) -> String {
        let name = name("c")
        constants.append((name, .dense(tensor)))
        return name
    }

    mutating func floats(_ shape: [Int], in range: ClosedRange<Double> = -1...1) -> String { constant(random.tensor(shape, in: range)) }

    mutating func integers(_ numbers: [Int]) -> String { constant(Tensor(numbers.map(Int64.init), shape: [numbers.count])) }

    /// Adds a node that makes one value, which may be read from then on when `shape` is given.
    @discardableResult
    mutating func node(
        _ operatorName: String, _ inputs: [String], _ attributes: [String: Attribute] = [:], shape: [Int]? = nil, bound: Double = 1
    ) -> String {
        let output = name()
        nodes.append(
            SourceNode(
                name: "\(operatorName)_\(output)", operatorName: operatorName, version: Self.version, inputs: inputs, outputs: [output],
                attributes: attributes))
        if let shape { values.append(Value(name: output, shape: shape, bound: bound)) }
        return output
    }

    mutating func nodes(_ operatorName: String, _ inputs: [String], _ attributes: [String: Attribute], shapes: [[Int]], bound: Double) {
        let outputs = shapes.map { Value(name: name(), shape: $0, bound: bound) }
        nodes.append(
            SourceNode(
                name: "\(operatorName)_\(outputs[0].name)", operatorName: operatorName, version: Self.version, inputs: inputs,
                outputs: outputs.map(\.name), attributes: attributes))
        values += outputs
    }

    /// A value, a late one more often; one whose numbers became large is drawn in first.
    mutating func pick(_ isSuitable: (Value) -> Bool = { _ in true }) -> Value? {
        let suitable = values.filter(isSuitable)
        guard !suitable.isEmpty else { return nil }
        let value = random.below(10) < 7 ? random.pick(suitable.suffix(4)) : random.pick(suitable)
        guard value.bound > 30 else { return value }
        let squashed = node("Tanh", [value.name], shape: value.shape, bound: 1)
        return Value(name: squashed, shape: value.shape, bound: 1)
    }
}

/// Numbers that follow from a seed.
struct NetworkRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

    mutating func pick<Items: RandomAccessCollection>(_ items: Items) -> Items.Element {
        items[items.index(items.startIndex, offsetBy: below(items.count))]
    }

    mutating func tensor(_ shape: [Int], in range: ClosedRange<Double>) -> Tensor {
        Tensor((0..<shape.reduce(1, *)).map { _ in Float(Double.random(in: range, using: &self)) }, shape: Shape(shape))
    }
}
