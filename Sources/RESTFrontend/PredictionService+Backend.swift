package import ModelServing
package import ServableCore

extension PredictionService: PredictionBackend {
    package func target(model: String?, selector: VersionSelector) throws(ServableError) -> any PredictionTargeting {
        try lookUp(model: model, selector: selector)
    }
}

extension PredictionTarget: PredictionTargeting {}
