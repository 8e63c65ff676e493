import GraphIR
import Tensors

/// One input of an operator in a batch: what it is for one row, and how it depends on the rows.
struct CaseInput: Sendable {
    enum Content: Sendable {
        /// Numbers in a range, whole ones for integer types.
        case numbers(ClosedRange<Double>)
        /// Known before running.
        case fixed([Double])
        /// Known from the number of rows.
        case counted(@Sendable (_ rowCount: Int) -> [Double])
    }

    let type: ElementType
    /// Of one row.
    let shape: [Int]
    /// The axis that carries the rows.
    var axis: Int?
    let content: Content

    static func rows(
        _ shape: [Int], axis: Int = 0, _ type: ElementType = .float32, in range: ClosedRange<Double> = -2...2
    ) -> CaseInput {
        CaseInput(type: type, shape: shape, axis: axis, content: .numbers(range))
    }

    static func shared(_ shape: [Int], _ type: ElementType = .float32, in range: ClosedRange<Double> = -2...2) -> CaseInput {
        CaseInput(type: type, shape: shape, axis: nil, content: .numbers(range))
    }

    static func fixed(_ values: [Double], _ type: ElementType = .int64, shape: [Int]? = nil) -> CaseInput {
        CaseInput(type: type, shape: shape ?? [values.count], axis: nil, content: .fixed(values))
    }

    static func counted(
        _ type: ElementType = .int64, _ values: @escaping @Sendable (_ rowCount: Int) -> [Double]
    ) -> CaseInput {
        CaseInput(type: type, shape: [values(1).count], axis: nil, content: .counted(values))
    }

    var state: RowState {
        if case .counted = content { return .counted }
        return axis.map(RowState.rows) ?? .shared
    }

    /// Whether the contents may be anything of the type.
    var isFree: Bool {
        if case .numbers = content { true } else { false }
    }

    /// The contents of one row, or of all when the input carries none.
    func tensor(rowCount: Int, seed: UInt64) -> Tensor {
        switch content {
        case .fixed(let values): return Tensor(values, type, Shape(shape))
        case .counted(let values): return Tensor(values(rowCount), type, Shape(shape))
        case .numbers(let range):
            var numbers = TestNumbers(seed: seed)
            let count = shape.reduce(1, *)
            let isWhole = type.isInteger || type == .bool
            let values =
                isWhole
                ? numbers.wholes(count, in: Int(range.lowerBound)...Int(range.upperBound))
                : numbers.doubles(count, in: range)
            return Tensor(values, type, Shape(shape))
        }
    }

    /// What one client may send to reach another's row: numbers that swallow others, and the ends of what is allowed.
    var intrusions: [Tensor] {
        guard case .numbers(let range) = content else { return [] }
        let isWhole = type.isInteger || type == .bool
        let values = isWhole ? [range.lowerBound, range.upperBound] : [1e30, .nan, .infinity, -.infinity]
        return values.map { Tensor([Double](repeating: $0, count: shape.reduce(1, *)), type, Shape(shape)) }
    }
}

extension CaseInput: CustomStringConvertible {
    var description: String {
        let carried = axis.map { "@\($0)" } ?? ""
        return switch content {
        case .numbers: shape.description + carried
        case .fixed(let values): "=\(values)"
        case .counted(let values): "~\(values(2))"
        }
    }
}
