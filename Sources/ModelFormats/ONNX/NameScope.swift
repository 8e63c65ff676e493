import GraphIR

/// What names mean where nodes are read: in the model's own graphs themselves, in the body of a function what the
/// call binds them to.
struct NameScope {
    let opsets: OpsetTable
    /// The function whose body this is, with the calls around it; empty in the model's own graphs.
    let calls: [FunctionKey]
    /// Put before the names that a function body makes, so that two calls do not collide.
    private let prefix: String
    /// A function's inputs and outputs, to the names at the call.
    private let bindings: [String: String]
    /// The values of a function's attributes; nil outside of functions, where none can be referred to.
    private let attributes: [String: BoundAttribute]?

    /// The scope of the model's own graphs.
    init(opsets: OpsetTable) {
        self.opsets = opsets
        calls = []
        prefix = ""
        bindings = [:]
        attributes = nil
    }

    /// The scope of one call's body.
    init(
        opsets: OpsetTable, calls: [FunctionKey], prefix: String, bindings: [String: String],
        attributes: [String: BoundAttribute]
    ) {
        self.opsets = opsets
        self.calls = calls
        self.prefix = prefix
        self.bindings = bindings
        self.attributes = attributes
    }

    var isFunctionBody: Bool { attributes != nil }

    /// The name in the imported graph of what this scope calls `name`; an omitted value stays empty.
    func resolve(_ name: String) -> String {
        name.isEmpty || !isFunctionBody ? name : bindings[name] ?? prefix + name
    }

    /// The value of the surrounding function's attribute, nil when the call gives none.
    func attribute(_ name: String) -> BoundAttribute? { attributes?[name] }
}

/// An attribute's value and the outer values that its subgraphs read.
struct BoundAttribute {
    let value: Attribute
    var captures: Captures = [:]
}

/// Names that a graph reads and does not make, each with the node that reads it, for messages.
typealias Captures = [String: String]

/// What identifies a function of the model (`FunctionProto`).
struct FunctionKey: Hashable {
    let domain: String
    let name: String
    let overload: String

    init(_ function: ONNX.Function) {
        domain = OpsetTable.normalized(function.domain)
        name = function.name
        overload = function.overload
    }

    init(calledBy node: ONNX.Node) {
        domain = OpsetTable.normalized(node.domain)
        name = node.operatorName
        overload = node.overload
    }

    var description: String {
        (domain.isEmpty ? "" : domain + ".") + name + (overload.isEmpty ? "" : ":" + overload)
    }
}
