package import GraphIR
package import Tensors

/// The values of a predict request, in the order of the signature's inputs; behind them, when the request replaces one of the
/// constants that may be replaced, all of these.
package enum CallInputs: Sendable {
    /// Most models have one input, for which no array is made.
    case only(Tensor)
    case dense([Tensor])
    /// Some of them are strings, or no tensors.
    case mixed([RuntimeValue])

    package init(_ value: TensorValue) {
        self =
            switch value {
            case .dense(let tensor): .only(tensor)
            case .strings(let tensor): .mixed([.strings(tensor)])
            }
    }

    package init(_ values: [TensorValue]) { self.init(values.map(RuntimeValue.init)) }

    package init(_ values: [RuntimeValue]) {
        let tensors = values.compactMap { if case .tensor(let tensor) = $0 { tensor } else { nil } }
        guard tensors.count == values.count else {
            self = .mixed(values)
            return
        }
        self = tensors.count == 1 ? .only(tensors[0]) : .dense(tensors)
    }

    package var values: [RuntimeValue] {
        switch self {
        case .only(let tensor): [.tensor(tensor)]
        case .dense(let tensors): tensors.map { .tensor($0) }
        case .mixed(let values): values
        }
    }

    package var count: Int {
        switch self {
        case .only: 1
        case .dense(let tensors): tensors.count
        case .mixed(let values): values.count
        }
    }

    /// Rows of the first input, by which a run is counted; 1 for an input without rows.
    package var rowCount: Int {
        switch self {
        case .only(let tensor): tensor.shape.extents.first ?? 1
        case .dense(let tensors): tensors.first?.shape.extents.first ?? 1
        case .mixed(let values): values.first?.spec?.shape.extents.first ?? 1
        }
    }

    /// The dense tensors; nil when some input is none.
    var tensors: [Tensor]? {
        switch self {
        case .only(let tensor): [tensor]
        case .dense(let tensors): tensors
        case .mixed: nil
        }
    }
}
