package import Tensors

/// Whose operator names a source graph speaks.
package enum Dialect: String, Sendable, Hashable {
    case onnx = "ONNX"
    case tensorFlow = "TensorFlow"
}

/// A network as its file states it: named values, raw operators, neutral attributes. Nothing is checked yet.
///
/// Importers make it, lowering turns it into a `Graph`.
package struct SourceGraph: Sendable {
    package var name: String
    package var dialect: Dialect
    package var inputs: [SourceValue]
    package var outputs: [SourceValue]
    /// Constants by name, in file order; dense bytes may lie in the file's contents.
    package var initializers: [(name: String, value: TensorValue)]
    package var nodes: [SourceNode]
    /// What the file claims about values between the nodes; a hint for people, never trusted.
    package var valueTypes: [String: ValueType]

    package init(
        name: String, dialect: Dialect, inputs: [SourceValue] = [], outputs: [SourceValue] = [],
        initializers: [(name: String, value: TensorValue)] = [], nodes: [SourceNode] = [],
        valueTypes: [String: ValueType] = [:]
    ) {
        self.name = name
        self.dialect = dialect
        self.inputs = inputs
        self.outputs = outputs
        self.initializers = initializers
        self.nodes = nodes
        self.valueTypes = valueTypes
    }
}

/// A graph input or output: its name and what the file declares of it.
package struct SourceValue: Sendable {
    package var name: String
    /// nil when the file declares no type (legal inside the branches of `If` and `Loop`).
    package var type: ValueType?

    package init(name: String, type: ValueType?) {
        self.name = name
        self.type = type
    }

    package init(name: String, type: TensorType?) { self.init(name: name, type: type.map(ValueType.tensor)) }
}

/// One operator application, by name.
package struct SourceNode: Sendable {
    package var name: String
    /// Empty for the dialect's default domain (`ai.onnx`).
    package var domain: String
    package var operatorName: String
    /// The version of the domain's operator set that the model imports; 0 where the dialect has none.
    package var version: Int
    /// Value names; an empty name is an optional input left out.
    package var inputs: [String]
    package var outputs: [String]
    package var attributes: [String: Attribute]
    /// Names of nodes that must run before this one though it reads nothing of theirs (TensorFlow's control inputs). Importers
    /// list nodes in an order that honours them.
    package var controls: [String]

    package init(
        name: String, domain: String = "", operatorName: String, version: Int, inputs: [String], outputs: [String],
        attributes: [String: Attribute] = [:], controls: [String] = []
    ) {
        self.name = name
        self.domain = domain
        self.operatorName = operatorName
        self.version = version
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes
        self.controls = controls
    }
}

/// A node's parameter that is fixed in the file.
package enum Attribute: Sendable {
    case integer(Int64)
    case float(Float)
    case string(String)
    case tensor(TensorValue)
    case graph(SourceGraph)
    case integers([Int64])
    case floats([Float])
    case strings([String])
    case tensors([TensorValue])
    case graphs([SourceGraph])
    case type(ValueType)
    case types([ValueType])
    /// nil: a shape of unknown rank.
    case shape(SymbolicShape?)
    case shapes([SymbolicShape?])
    /// Functions of the model that a node runs (TensorFlow's branches and loop bodies). Inlining turns them into graphs.
    case function(FunctionReference)
    case functions([FunctionReference])
    /// Inside a function of the model: the value of the function's attribute of that name. Inlining puts the value in its place.
    case reference(String)

    package static func tensor(_ dense: Tensor) -> Attribute { .tensor(.dense(dense)) }

    package var kind: String {
        switch self {
        case .integer: "integer"
        case .float: "float"
        case .string: "string"
        case .tensor(.dense): "tensor"
        case .tensor(.strings): "tensor of strings"
        case .graph: "graph"
        case .integers: "list of integers"
        case .floats: "list of floats"
        case .strings: "list of strings"
        case .tensors: "list of tensors"
        case .graphs: "list of graphs"
        case .type: "type"
        case .types: "list of types"
        case .shape: "shape"
        case .shapes: "list of shapes"
        case .function: "function"
        case .functions: "list of functions"
        case .reference: "reference to a function's attribute"
        }
    }
}

/// A function of the model by name, with the attributes that running it gives (`NameAttrList`).
package struct FunctionReference: Sendable {
    package var domain: String
    package var name: String
    package var attributes: [String: Attribute]

    package init(domain: String = "", name: String, attributes: [String: Attribute] = [:]) {
        self.domain = domain
        self.name = name
        self.attributes = attributes
    }
}
