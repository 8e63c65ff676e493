import GraphIR
import Inference
import Operators

/// The engines of one version's signatures: signatures that compute the same share one.
///
/// Keras exports every model under two names.
struct SignatureEngines {
    let state: ModelState
    /// State goes by the names of nodes, which sharing ignores: an engine with effects is never shared.
    private var made: [(source: SourceGraph, engine: Engine, hasNoEffects: Bool)] = []

    init(state: ModelState) { self.state = state }

    mutating func engine(of source: SourceGraph) throws(EngineError) -> Engine {
        if let known = made.first(where: { $0.hasNoEffects && $0.source.isSame(as: source) }) { return known.engine }
        let engine = try Engine(source, catalog: StandardOperators.catalog, passes: StandardOperators.passes, state: state)
        made.append((source, engine, engine.graph.nodes.allSatisfy { $0.effects.isEmpty }))
        return engine
    }
}
