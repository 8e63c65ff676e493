import Tensors

/// An operator that only moves elements, of whatever type, or that reads shapes alone: it works on tensors of strings too.
package protocol ElementMover: Operator {
    /// Whether the elements of input `index` go into outputs; those of the others say where (axes, indices, shapes).
    func movesElements(ofInput index: Int) -> Bool
    /// False for an operator that reads shapes alone: its outputs are dense whatever the inputs hold.
    var givesElements: Bool { get }
}

extension ElementMover {
    package func movesElements(ofInput index: Int) -> Bool { index == 0 }
    package var givesElements: Bool { true }
}

/// An operator on numbers that another one stands in for where an input is a tensor of strings.
package protocol TextCounterpart: Operator {
    /// What computes the node then; nil when nothing does.
    var onStrings: (any Operator)? { get }
}

extension Operator {
    /// The operator that computes a node with these inputs: the one for strings where there are some and it has one.
    package func fitted(to inputs: [ValueFact?]) -> any Operator {
        guard inputs.contains(where: { $0?.valueType.isText ?? false }) else { return self }
        if let mover = self as? any ElementMover { return StringElements(mover) }
        return (self as? any TextCounterpart)?.onStrings ?? self
    }
}

/// Hands its inputs on as they are: output `i` is input `i`, whatever that is.
package protocol PassThrough: Operator {}

/// An element mover over strings: the dense operator moves numbers that stand for the strings.
package struct StringElements: DynamicOperator {
    let base: any ElementMover

    package init(_ base: any ElementMover) { self.base = base }

    package var name: String { base.name }
    package var acceptsObjects: Bool { true }
    package var shapeOperands: Set<Int> { base.shapeOperands }
    package var effects: Effects { base.effects }
    package func rows(_ inputs: RowInputs) -> RowFlow { base.rows(inputs.standingIn(moved: base.movesElements)) }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        for (index, fact) in inputs.facts.enumerated() {
            guard let type = fact?.valueType else { continue }
            let isMoved = base.movesElements(ofInput: index)
            // Numbers of other tensors would stand for strings that are not there.
            guard type.isText ? isMoved : type.isDense && !(isMoved && base.givesElements) else {
                throw .invalidInput(index: index, reason: "is \(type), expected a tensor of \(isMoved ? "strings" : "numbers")")
            }
        }
        let facts = inputs.facts.enumerated().map { index, fact in
            fact.map { base.movesElements(ofInput: index) ? $0.standIn : $0 }
        }
        let results = try base.infer(OperatorInputs(facts, outputCount: inputs.outputCount))
        guard base.givesElements else { return results }
        return results.map { fact in ValueFact(.string, fact.type.shape) }
    }

    package func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        // Number 0 stands for the empty string, which operators pad with.
        var strings: [[UInt8]] = [[]]
        var inputs: [Tensor?] = []
        for (index, input) in context.inputs.enumerated() {
            switch input {
            case nil: inputs.append(nil)
            case .object(.strings(let tensor)) where base.movesElements(ofInput: index):
                let first = strings.count
                strings += tensor.elements
                inputs.append(try Self.numbers(first..<strings.count, tensor.shape, context))
            case .dense(let view):
                guard !base.movesElements(ofInput: index) || !base.givesElements else {
                    throw OperatorError.invalidInput(index: index, reason: "is \(view.spec), expected a tensor of strings")
                }
                inputs.append(Tensor(borrowing: view))
            case .object(let value):
                throw OperatorError.invalidInput(index: index, reason: "is \(value.kind), expected a tensor of strings")
            }
        }
        let results = try base.computed(
            inputs, outputCount: context.outputCount, kernels: context.kernels, allowance: context.allowance)
        guard base.givesElements else { return results.map(RuntimeValue.tensor) }
        return results.map { numbers in
            .strings(StringTensor(shape: numbers.shape, elements: numbers.values(Int64.self).map { strings[Int($0)] }))
        }
    }

    private static func numbers(
        _ range: Range<Int>, _ shape: Shape, _ context: EvaluationContext
    ) throws(OperatorError) -> Tensor {
        try context.makeTensor(TensorSpec(.int64, shape)) { bytes in
            let numbers = bytes.bindMemory(to: Int64.self)
            for (place, number) in range.enumerated() { numbers[place] = Int64(number) }
        }
    }
}

extension ValueFact {
    /// The fact of the numbers that stand for a tensor of strings.
    fileprivate var standIn: ValueFact {
        guard case .tensor(let type) = valueType, type.elementType == .string else { return self }
        return ValueFact(.int64, type.shape)
    }
}

extension RowInputs {
    fileprivate func standingIn(moved: (Int) -> Bool) -> RowInputs {
        replacing(
            facts: facts.enumerated().map { index, fact in fact.map { moved(index) ? $0.standIn : $0 } },
            outputs: outputs.map(\.standIn))
    }
}
