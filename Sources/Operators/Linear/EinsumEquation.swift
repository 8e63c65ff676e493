import GraphIR
import Tensors

/// What an Einsum equation says: `abc,cde->abde`, `...ij,...jk->...ik`.
struct EinsumEquation: Sendable {
    /// One place of an operand.
    enum Term: Hashable, Sendable {
        case label(UInt8)
        case ellipsis
    }

    let inputs: [[Term]]
    let output: [Term]

    /// - Parameter allowsImplicitOutput: whether a missing arrow stands for the labels that occur once, in alphabetical order.
    init(_ text: String, allowsImplicitOutput: Bool) throws(OperatorError) {
        let bytes = text.utf8.filter { $0 != 0x20 && $0 != 0x09 }
        var sides: [ArraySlice<UInt8>] = []
        if let arrow = bytes.indices.first(where: { bytes[$0...].starts(with: "->".utf8) }) {
            sides = [bytes[..<arrow], bytes[(arrow + 2)...]]
        } else {
            sides = [bytes[...]]
        }
        var inputs: [[Term]] = []
        for part in sides[0].split(separator: 0x2C, omittingEmptySubsequences: false) {
            inputs.append(try Self.terms(part, of: text))
        }
        self.inputs = inputs
        guard sides.count == 1 else {
            let output = try Self.terms(sides[1], of: text)
            let known = Set(inputs.joined())
            for case .label(let label) in output where !known.contains(.label(label)) {
                throw .invalidAttribute(
                    name: "equation", reason: "is \"\(text)\", whose output has a label that no input has")
            }
            self.output = output
            return
        }
        guard allowsImplicitOutput else {
            throw .invalidAttribute(name: "equation", reason: "is \"\(text)\", expected an arrow before the output")
        }
        var counts: [UInt8: Int] = [:]
        for case .label(let label) in inputs.joined() { counts[label, default: 0] += 1 }
        let once = counts.filter { $0.value == 1 }.keys.sorted().map(Term.label)
        output = (inputs.joined().contains(.ellipsis) ? [.ellipsis] : []) + once
    }

    private static func terms(_ bytes: ArraySlice<UInt8>, of text: String) throws(OperatorError) -> [Term] {
        var terms: [Term] = []
        var rest = bytes
        while let byte = rest.first {
            if rest.starts(with: "...".utf8) {
                guard !terms.contains(.ellipsis) else {
                    throw .invalidAttribute(name: "equation", reason: "is \"\(text)\", with two ellipses in one operand")
                }
                terms.append(.ellipsis)
                rest = rest.dropFirst(3)
                continue
            }
            guard (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) else {
                throw .invalidAttribute(name: "equation", reason: "is \"\(text)\", expected letters, commas, ellipses and one arrow")
            }
            terms.append(.label(byte))
            rest = rest.dropFirst()
        }
        return terms
    }

    /// The labels of every operand of known rank; the axes of an ellipsis are numbered from the last one: -1, -2, …
    func labels(ranks: [Int]) throws(OperatorError) -> EinsumLabels {
        guard ranks.count == inputs.count else { throw .wrongInputCount(found: ranks.count, expected: inputs.count...inputs.count) }
        var widest = 0
        var labels: [[Int]] = []
        for (index, terms) in inputs.enumerated() {
            let named = terms.count { $0 != .ellipsis }
            let width = ranks[index] - named
            guard terms.contains(.ellipsis) ? width >= 0 : width == 0 else {
                throw .invalidInput(index: index, reason: "has rank \(ranks[index]), the equation has \(named) labels for it")
            }
            labels.append(Self.expand(terms, width: width))
            widest = max(widest, width)
        }
        return EinsumLabels(inputs: labels, output: Self.expand(output, width: widest))
    }

    private static func expand(_ terms: [Term], width: Int) -> [Int] {
        terms.flatMap { term -> [Int] in
            switch term {
            case .label(let label): [Int(label)]
            case .ellipsis: Array(-width..<0)
            }
        }
    }
}

/// The labels of operands of known rank. Those below 0 are axes of an ellipsis, which broadcast.
struct EinsumLabels: Sendable {
    let inputs: [[Int]]
    let output: [Int]

    /// The extent of every label.
    func extents(_ shapes: [SymbolicShape]) throws(OperatorError) -> [Int: Dimension] {
        var result: [Int: Dimension] = [:]
        for (index, shape) in shapes.enumerated() {
            for (axis, label) in inputs[index].enumerated() {
                guard let known = result[label] else {
                    result[label] = shape[axis]
                    continue
                }
                let joined = label < 0 ? Dimension.broadcast(known, shape[axis]) : Dimension.unified(known, shape[axis])
                guard let joined else {
                    throw .invalidInput(
                        index: index, reason: "has extent \(shape[axis]) along axis \(axis) (shape \(shape)), expected \(known)")
                }
                result[label] = joined
            }
        }
        return result
    }
}
