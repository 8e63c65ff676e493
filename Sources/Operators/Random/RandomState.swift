import GraphIR
import Tensors

/// Random operators whose generator is kept in a variable: counter and key as int64 [3] or more.
///
/// - Source: TensorFlow operators RngReadAndSkip, RngSkip, StatefulUniform, StatefulUniformInt, StatefulUniformFullInt,
///   StatefulStandardNormal(V2), StatefulTruncatedNormal, NonDeterministicInts.
enum RandomStateOperators {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("RngReadAndSkip") { _ throws(OperatorError) in
            VariableOperator("RngReadAndSkip", effects: [.readsResource, .writesResource]) { inputs throws(OperatorError) in
                try inputs.checkCount(3...3)
                _ = try inputs.variable()
                return [ValueFact(.int64, [3] as Shape)]
            } run: { context throws(OperatorError) in
                try RandomSource.check(algorithm: try context.integer(1))
                let delta = try context.required(2)
                guard delta.elementType == .uint64, delta.elementCount == 1 else {
                    throw .invalidInput(index: 2, reason: "is \(delta.spec), expected a single uint64")
                }
                let state = try skip(try context.variable(), delta.values(UInt64.self)[0], context)
                return [.tensor(Tensor(Array(state.prefix(3)), shape: [3]))]
            }
        },
        .tensorFlow("RngSkip") { _ throws(OperatorError) in
            VariableOperator("RngSkip", effects: [.readsResource, .writesResource]) { inputs throws(OperatorError) in
                try inputs.checkCount(3...3)
                _ = try inputs.variable()
                return []
            } run: { context throws(OperatorError) in
                try RandomSource.check(algorithm: try context.integer(1))
                _ = try skip(try context.variable(), UInt64(bitPattern: Int64(try context.integer(2))), context)
                return []
            }
        },
        filled("StatefulUniform", .uniform, default: .float32), filled("StatefulStandardNormalV2", .normal, default: .float32),
        filled("StatefulStandardNormal", .normal, default: .float32, hasAlgorithm: false),
        filled("StatefulTruncatedNormal", .truncatedNormal, default: .float32),
        filled("StatefulUniformFullInt", .fullInteger, default: .uint64), filled("StatefulUniformInt", nil, default: .int64),
        .tensorFlow("NonDeterministicInts") { reader throws(OperatorError) in
            let type = try reader.elementType("dtype") ?? .int64
            return VariableOperator("NonDeterministicInts", effects: .random) { inputs throws(OperatorError) in
                try inputs.checkCount(1...1)
                guard RandomFill.integers.contains(type) else { throw .unsupported("random numbers of \(type)") }
                return [try wanted(inputs, 0, type)]
            } run: { context throws(OperatorError) in
                let shape = try Shape(checked: try context.integers(0), what: "the random numbers")
                var system = SystemRandomNumberGenerator()
                let generator = Philox(counter: system.next(), system.next(), key: system.next())
                return [
                    .tensor(
                        try context.makeTensor(TensorSpec(type, shape)) { bytes in
                            guard let target = bytes.baseAddress else { return }
                            RandomFill.fullInteger.fill(target, count: shape.elementCount, type, generator)
                        })
                ]
            }
        },
    ]

    /// Moves a generator on by what `count` numbers may take.
    ///
    /// - Returns: its state before.
    private static func skip(_ variable: Variable, _ count: UInt64, _ context: EvaluationContext) throws(OperatorError) -> [Int64] {
        let result = try variable.update { value throws(OperatorError) in
            let tensor = try context.dense(value, of: variable)
            guard tensor.elementType == .int64, tensor.shape.rank == 1, tensor.elementCount >= 3 else {
                throw .invalidValue("has a generator's state \(tensor.spec) in the variable \"\(variable.name)\", expected int64[3]")
            }
            var state = tensor.values(Int64.self)
            var generator = Philox(state: state)
            generator.skip(count &* 256)
            (state[0], state[1]) = (Int64(bitPattern: generator.counterWords.0), Int64(bitPattern: generator.counterWords.1))
            return .tensor(
                try context.makeTensor(tensor.spec) { bytes in state.withUnsafeBytes { bytes.copyMemory(from: $0) } })
        }
        return try context.dense(result.before, of: variable).values(Int64.self)
    }

    private static func wanted(_ inputs: OperatorInputs, _ index: Int, _ type: ElementType) throws(OperatorError) -> ValueFact {
        guard let wanted = try inputs.parameters(index) else { return ValueFact(type, nil as SymbolicShape?) }
        return ValueFact(type, try Shape(checked: wanted, what: "the random numbers"))
    }

    private static func filled(
        _ name: String, _ fill: RandomFill?, default fallback: ElementType, hasAlgorithm: Bool = true
    ) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            let type = try reader.elementType("dtype") ?? fallback
            let shapeInput = hasAlgorithm ? 2 : 1
            return VariableOperator(name, effects: [.random, .readsResource, .writesResource]) { inputs throws(OperatorError) in
                let count = shapeInput + (fill == nil ? 3 : 1)
                try inputs.checkCount(count...count)
                _ = try inputs.variable()
                guard (fill?.types ?? [.int32, .int64]).contains(type) else { throw .unsupported("random numbers of \(type)") }
                return [try wanted(inputs, shapeInput, type)]
            } run: { context throws(OperatorError) in
                guard hasAlgorithm else { throw .unsupported("a generator that keeps its algorithm in its state") }
                try RandomSource.check(algorithm: try context.integer(1))
                let shape = try Shape(checked: try context.integers(shapeInput), what: "the random numbers")
                let range = fill == nil ? (try context.integer(shapeInput + 1), try context.integer(shapeInput + 2)) : (0, 1)
                guard range.0 < range.1 else { throw .invalidValue("has the empty range \(range.0)..<\(range.1)") }
                let state = try skip(try context.variable(), UInt64(shape.elementCount), context)
                let generator = Philox(state: state)
                return [
                    .tensor(
                        try context.makeTensor(TensorSpec(type, shape)) { bytes in
                            guard let target = bytes.baseAddress else { return }
                            if let fill {
                                fill.fill(target, count: shape.elementCount, type, generator)
                            } else {
                                RandomFill.integers(
                                    target, count: shape.elementCount, from: range.0, to: range.1, type, generator)
                            }
                        })
                ]
            }
        }
    }
}

extension Philox {
    /// The generator that a variable holds.
    ///
    /// - Precondition: at least 3 words.
    fileprivate init(state: [Int64]) {
        self.init(counter: UInt64(bitPattern: state[0]), UInt64(bitPattern: state[1]), key: UInt64(bitPattern: state[2]))
    }
}
