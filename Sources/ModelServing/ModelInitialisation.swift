import GraphIR
package import Inference
package import ModelFormats
import Operators

/// Gives a model's variables and tables their first contents.
package enum ModelInitialisation {
    /// Runs what the model runs once, before any of its signatures.
    package static func run(_ model: ImportedModel, state: ModelState) throws {
        for asset in model.assets { state.resources.permitReading(asset.path) }
        for graph in model.initialisation {
            let engine = try Engine(graph, catalog: StandardOperators.catalog, passes: StandardOperators.passes, state: state)
            _ = try engine.run(values: [])
        }
    }
}
