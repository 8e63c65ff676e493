package import Tensors

/// The tensors of a predict request, in the order of the signature's inputs.
package enum CallInputs: Sendable {
    /// Most models have one input, for which no array is made.
    case only(Tensor)
    case dense([Tensor])
    /// Some of them are strings.
    case mixed([TensorValue])

    package init(_ value: TensorValue) {
        self =
            switch value {
            case .dense(let tensor): .only(tensor)
            case .strings: .mixed([value])
            }
    }

    package init(_ values: [TensorValue]) {
        let tensors = values.compactMap { if case .dense(let tensor) = $0 { tensor } else { nil } }
        guard tensors.count == values.count else {
            self = .mixed(values)
            return
        }
        self = tensors.count == 1 ? .only(tensors[0]) : .dense(tensors)
    }

    package var values: [TensorValue] {
        switch self {
        case .only(let tensor): [.dense(tensor)]
        case .dense(let tensors): tensors.map { .dense($0) }
        case .mixed(let values): values
        }
    }

    package var specs: [TensorSpec] {
        switch self {
        case .only(let tensor): [tensor.spec]
        case .dense(let tensors): tensors.map(\.spec)
        case .mixed(let values): values.map(\.spec)
        }
    }

    /// Rows of the first input, by which a run is counted; 1 for an input without rows.
    var rowCount: Int {
        switch self {
        case .only(let tensor): tensor.shape.extents.first ?? 1
        case .dense(let tensors): tensors.first?.shape.extents.first ?? 1
        case .mixed(let values): values.first?.spec.shape.extents.first ?? 1
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
