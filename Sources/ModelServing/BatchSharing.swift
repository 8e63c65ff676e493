package import GraphIR
package import Inference
package import Tensors

/// Whether rows of different requests to a signature may share a run, and if not, why.
///
/// Decided when the version is loaded, for sample types; each batch's own types are derived again before they run.
package enum BatchSharing: Sendable, Equatable, CustomStringConvertible {
    case shared
    case alone(String)

    /// - Parameter report: of the warm-up, whose experiment is the second check; nil when there was none.
    init(engine: Engine, signature: Signature, _ report: WarmUp.Report?) {
        self.init(derivedFor: signature, engine)
        if self == .shared, let difference = report?.difference { self = .alone(difference) }
    }

    /// What is derived from the graph alone.
    package init(derivedFor signature: Signature, _ engine: Engine) {
        if let other = (signature.inputs + signature.outputs).first(where: { $0.tensor == nil }) {
            self = .alone("\"\(other.name)\" is \(other.type)")
            return
        }
        guard Self.declaresRows(signature) else {
            self = .alone("its inputs and outputs do not share an open leading dimension")
            return
        }
        var reason = "the signature has an input of unknown rank"
        for extent in SampleTypes.extents {
            guard let specs = SampleTypes.specs(of: signature, rowCount: SampleTypes.rowCount, openExtent: extent) else { break }
            switch engine.rowVerdict(for: specs) {
            case .independent:
                self = .shared
                return
            case .alone(let found): reason = found
            }
            if !SampleTypes.hasOpenExtents(signature) { break }
        }
        self = .alone(reason)
    }

    /// Whether the types alone leave rows open on every side.
    private static func declaresRows(_ signature: Signature) -> Bool {
        let isOpen = { (parameter: Signature.Parameter) in
            parameter.tensor?.shape.map { $0.rank > 0 && $0[0].value == nil } ?? true
        }
        return !signature.inputs.isEmpty && signature.inputs.allSatisfy(isOpen) && signature.outputs.allSatisfy(isOpen)
    }

    /// As the registry, the log and `apus inspect` say it.
    package var description: String {
        switch self {
        case .shared: "rows of different requests share runs"
        case .alone(let reason): "requests run alone: \(reason)"
        }
    }
}

/// Made-up types for what a signature leaves open.
package enum SampleTypes {
    /// Extents tried in turn for what the signature leaves open besides the rows.
    package static let extents = [8, 32, 1, 64, 224]
    /// So many that no broadcast or repetition fits by chance where one row would.
    static let rowCount = 3

    /// Nil when an input is no tensor, has no known rank or is too large to count.
    package static func specs(of signature: Signature, rowCount: Int, openExtent: Int) -> [TensorSpec]? {
        var specs: [TensorSpec] = []
        for parameter in signature.inputs {
            guard let type = parameter.tensor, let shape = type.shape else { return nil }
            let extents = shape.dimensions.enumerated().map { axis, dimension in
                dimension.value ?? (axis == 0 ? rowCount : openExtent)
            }
            guard let concrete = Shape(checking: extents) else { return nil }
            specs.append(TensorSpec(type.elementType, concrete))
        }
        return specs
    }

    /// Whether something besides the rows is open.
    package static func hasOpenExtents(_ signature: Signature) -> Bool {
        signature.inputs.contains { parameter in
            parameter.tensor?.shape.map { $0.dimensions.dropFirst().contains { $0.value == nil } } ?? false
        }
    }
}
