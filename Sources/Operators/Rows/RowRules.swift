import GraphIR

/// Rules that operators of one kind share. Each is for `Operator.rows` and follows where the elements of an output come from.
extension RowInputs {
    /// The axis of the rows of input `index` when no other input carries rows; nil otherwise.
    func onlyAxis(of index: Int = 0) -> Int? { onlyInputsCarryRows(index) ? axis(index) : nil }

    /// Whether the shape of every input that is there is known.
    var hasKnownShapes: Bool { states.indices.allSatisfy { states[$0] == nil || extents($0) != nil } }

    /// Whether input `index` is absent or the same for every number of rows.
    func isFixed(_ index: Int) -> Bool { self[index] == nil || self[index] == .shared }

    /// Each element of each output follows from the element of input 0 at the same place; what the other inputs hold matters to
    /// all elements alike.
    func elementwise() -> RowFlow {
        guard let axis = onlyAxis() else { return .mixed(RowReason.parameter) }
        return .rows(axis: axis, of: self)
    }

    /// Each position along `independentAxes` of input 0 gives that position of each output, whatever the position's number. The
    /// other inputs are parameters.
    func positionwise(along independentAxes: Set<Int>) -> RowFlow {
        guard let axis = onlyAxis() else { return .mixed(RowReason.parameter) }
        return independentAxes.contains(axis) ? .rows(axis: axis, of: self) : .mixed(RowReason.joined)
    }

    /// Each entry along axis 0 of the inputs `entries`, those that are there, gives that entry of each output. The other inputs are
    /// parameters, the same for all.
    func entrywise(_ entries: [Int]) -> RowFlow {
        let parts = entries.filter { self[$0] != nil }
        guard !parts.isEmpty, parts.allSatisfy({ axis($0) == 0 }) else { return .mixed(RowReason.crossed) }
        guard states.indices.allSatisfy({ parts.contains($0) || isFixed($0) }) else { return .mixed(RowReason.parameter) }
        return .rows(axis: 0, of: self)
    }

    /// Lines of input 0 along `axes` give the outputs, whose other axes are the input's.
    ///
    /// - Parameter keepsAxes: whether the outputs still have `axes`.
    func linewise(along axes: [Int], keepsAxes: Bool = true) -> RowFlow {
        guard let axis = onlyAxis() else { return .mixed(RowReason.parameter) }
        // Which axes there are follows from the shape: without one, `axes` may be short.
        guard extents(0) != nil else { return .mixed(RowReason.unknown) }
        guard !axes.contains(axis) else { return .mixed(RowReason.joined) }
        return .rows(axis: keepsAxes ? axis : axis - axes.count { $0 < axis }, of: self)
    }
}

extension RowFlow {
    /// What `rule` finds. Inputs that it refuses, although they passed `infer`, are not known to keep rows apart.
    static func following(_ rule: () throws(OperatorError) -> RowFlow) -> RowFlow {
        do throws(OperatorError) { return try rule() } catch { return .mixed("cannot take its inputs in a batch: \(error)") }
    }
}

/// Why rows do not stay apart, for reasons that several operators have.
enum RowReason {
    static let joined = "joins elements along the axis of the rows"
    static let selected = "selects positions along the axis of the rows"
    static let parameter = "takes parameters from rows, one set for all rows"
    static let counted = "takes parameters from the number of rows"
    static let positional = "joins rows with an operand that differs from position to position along their axis"
    static let merged = "merges the axis of the rows with the axes before it"
    static let compacted = "returns as many elements as what rows hold makes it"
    static let unknown = "has inputs of unknown shape"
    static let crossed = "joins operands whose rows lie along different axes"
}
