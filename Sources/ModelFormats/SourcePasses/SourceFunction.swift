package import GraphIR

/// What identifies a function of a model: a node of that domain and operator name calls it.
package struct FunctionName: Sendable, Hashable, CustomStringConvertible {
    package let domain: String
    package let name: String

    package init(domain: String = "", name: String) {
        self.domain = domain
        self.name = name
    }

    package var description: String { domain.isEmpty ? name : "\(domain).\(name)" }
}

/// A graph that the model itself names and nodes call.
///
/// It reads nothing of its caller but its inputs and attributes: names in the body are its own. Calls may be nested; a function
/// that calls itself is refused when it is inlined.
package struct SourceFunction: Sendable {
    package let name: FunctionName
    /// Its inputs and outputs are the formal ones, its nodes stand in an order in which they can run. Attributes may be
    /// references to those of the function.
    package let body: SourceGraph
    /// The attributes that have a value when a call does not give one.
    package let defaults: [String: Attribute]
    /// Names of body nodes that run whenever the function is called, though nothing reads their outputs (TensorFlow's `control_ret`).
    package let controlOutputs: [String]
    /// The version of the dialect's default domain in the body; 0 where the dialect has none.
    package let version: Int

    package init(
        name: FunctionName, body: SourceGraph, defaults: [String: Attribute] = [:], controlOutputs: [String] = [], version: Int = 0
    ) {
        self.name = name
        self.body = body
        self.defaults = defaults
        self.controlOutputs = controlOutputs
        self.version = version
    }
}
