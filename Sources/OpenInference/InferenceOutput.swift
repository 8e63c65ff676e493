import GraphIR
package import ModelServing
package import ServableCore
package import Tensors

/// One output of a request, where the run has left it; valid as long as that is.
package struct InferenceOutput {
    package enum Contents {
        case dense(TensorView)
        case strings(StringTensor)
    }

    package let name: String
    package let datatype: Datatype
    package let shape: Shape
    package let contents: Contents
    /// Whether the request wants it in binary form, as far as its protocol has two.
    package let isBinary: Bool

    /// Bytes of the raw form; see `TensorBytes`.
    package var byteCount: Int {
        switch contents {
        case .dense(let view): view.spec.byteCount
        case .strings(let tensor): TensorBytes.byteCount(of: tensor)
        }
    }

    /// Calls `body` with the raw form, piece by piece: dense elements are one piece, where they lie.
    package func withRawPieces(_ body: (UnsafeRawBufferPointer) -> Void) {
        switch contents {
        case .dense(let view): unsafe body(view.bytes)
        case .strings(let tensor): unsafe TensorBytes.write(tensor) { unsafe body($0) }
        }
    }
}

/// Which outputs a request wants, and in which form.
package struct OutputSelection: Sendable {
    private var wishes: [String: RequestedOutput] = [:]
    private let isBinary: Bool
    /// Where classes are asked for.
    private let hasRows: Bool
    /// To be given to `CallableSignature.filtered`; empty means all.
    package private(set) var names: [String] = []

    /// - Parameters:
    ///   - requested: of two of the same name the first counts; none means all.
    ///   - isBinary: of outputs that do not say.
    /// - Throws: `invalidArgument` for a name that is no output's.
    package init(
        _ requested: [RequestedOutput], of signature: borrowing CallableSignature, isBinary: Bool
    ) throws(ServableError) {
        self.isBinary = isBinary
        hasRows = requested.contains { $0.classCount != nil } && signature.hasRows
        guard !requested.isEmpty else { return }
        let known = signature.outputs.map(\.name)
        for output in requested where wishes[output.name] == nil {
            guard known.contains(output.name) else {
                let list = known.prefix(20).map { "\"\($0)\"" }.joined(separator: ", ")
                throw ServableError(
                    .invalidArgument, "unexpected output \"\(output.name.prefix(256))\"; the model's outputs are \(list)")
            }
            wishes[output.name] = output
            names.append(output.name)
        }
    }

    /// The outputs of a run, in the model's order.
    ///
    /// - Throws: `invalidArgument` for an output that the protocol has no form for, naming what to do.
    package func outputs(
        _ signature: borrowing CallableSignature, _ results: borrowing CallOutputs
    ) throws(ServableError) -> [InferenceOutput] {
        var outputs: [InferenceOutput] = []
        let parameters = signature.outputs
        for index in 0..<min(parameters.count, results.count) {
            outputs.append(try output(parameters[index].name, results[index]))
        }
        return outputs
    }

    private func output(_ name: String, _ value: ValueView) throws(ServableError) -> InferenceOutput {
        let wish = wishes[name], isBinary = wish?.isBinary ?? self.isBinary
        let (contents, spec) = try Self.contents(name, value)
        guard let datatype = Datatype(spec.elementType) else { throw Self.formless(name, spec.description) }
        guard let count = wish?.classCount else {
            return InferenceOutput(name: name, datatype: datatype, shape: spec.shape, contents: contents, isBinary: isBinary)
        }
        guard case .dense(let view) = contents, let classes = Classification.strings(view, count: count, hasRows: hasRows) else {
            throw ServableError(
                .invalidArgument, "output \"\(name)\" is \(datatype.name), which has no order; leave out its parameter \"classification\"")
        }
        return InferenceOutput(name: name, datatype: .bytes, shape: classes.shape, contents: .strings(classes), isBinary: isBinary)
    }

    private static func contents(
        _ name: String, _ value: ValueView
    ) throws(ServableError) -> (InferenceOutput.Contents, TensorSpec) {
        switch value {
        case .dense(let view): return (.dense(view), view.spec)
        case .object(.tensor(let tensor)): return (.dense(tensor.view), tensor.spec)
        case .object(.strings(let tensor)): return (.strings(tensor), TensorSpec(.string, tensor.shape))
        case .object(.optional(let content?)): return try contents(name, ValueView(content))
        case .object(let other): throw formless(name, other.kind)
        }
    }

    private static func formless(_ name: String, _ found: String) -> ServableError {
        ServableError(
            .invalidArgument,
            "output \"\(name)\" is \(found), which this protocol has no form for; name the other outputs, or use the model's :predict route"
        )
    }
}
