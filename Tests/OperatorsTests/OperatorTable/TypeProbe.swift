import GraphIR
import Operators
import Tensors

/// Which element types an operator takes, found by running it: the inputs of a case's leading type, in each type.
struct TypeProbe {
    private let row: RowCase
    /// The inputs whose type is changed.
    private let inputs: [Int]

    /// nil for cases that need more than inputs.
    init?(_ row: RowCase) {
        guard row.fused == nil, row.bodies == nil else { return nil }
        let free = row.inputs.indices.filter { row.inputs[$0]?.isFree == true }
        guard let leading = free.first(where: { row.inputs[$0]?.type.isFloatingPoint == true }) ?? free.first else { return nil }
        self.row = row
        inputs = free.filter { row.inputs[$0]?.type == row.inputs[leading]?.type }
    }

    /// The types that the operator computes with.
    func types() throws -> Set<ElementType> {
        let op = try row.makeOperator()
        var types = Set(ElementType.allCases.filter { $0 != .string && runs(op, $0) })
        if op is any ElementMover || op.acceptsObjects && op is any TextCounterpart { types.insert(.string) }
        return types
    }

    private func runs(_ op: any Operator, _ type: ElementType) -> Bool {
        let tensors = row.inputs.enumerated().map { index, input -> Tensor? in
            guard let input else { return nil }
            return inputs.contains(index) ? input.tensor(of: type) : input.tensor(rowCount: 2, seed: UInt64(index + 1))
        }
        let known = row.inputs.indices.filter { row.inputs[$0]?.isFree == false }
        do {
            _ = try evaluate(op, tensors, outputs: row.outputCount, constants: Set(known))
            return true
        } catch {
            return false
        }
    }
}

extension CaseInput {
    /// Contents of another type, within the range as far as the type goes.
    fileprivate func tensor(of type: ElementType) -> Tensor? {
        guard case .numbers(let range) = content else { return nil }
        let count = shape.reduce(1, *)
        if type == .complex64 || type == .complex128 {
            var numbers = TestNumbers(seed: 5)
            let parts = numbers.doubles(2 * count, in: range)
            let real = Tensor(parts, type == .complex64 ? .float32 : .float64, [2 * count])
            return try? Tensor(TensorSpec(type, Shape(shape))) { bytes in real.withBytes { bytes.copyMemory(from: $0) } }
        }
        let isUnsigned = !type.isSigned
        let lower = max(range.lowerBound.rounded(.up), isUnsigned ? 0 : -100)
        let limits = lower...max(min(range.upperBound, type == .bool ? 1 : 100), lower)
        let isWhole = type.isInteger || type == .bool
        return CaseInput(type: type, shape: shape, axis: nil, content: .numbers(isWhole ? limits : range)).tensor(rowCount: 1, seed: 5)
    }
}
