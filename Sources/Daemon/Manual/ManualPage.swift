/// The manual pages, by the names of their files.
enum ManualPage: String, CaseIterable {
    case program = "apus.1"
    case configuration = "apus.yaml.5"
    case models = "apus-models.7"

    /// - Parameter reference: the text of the configuration reference, `config/apus.yaml`; the page of the configuration needs it.
    func roff(reference: String) throws -> Roff {
        switch self {
        case .program:
            Roff(
                name: "apus", section: 1, purpose: "serve machine-learning models over HTTP",
                blocks: ProgramManual.blocks(try CommandHelp.program()))
        case .configuration:
            Roff(
                name: "apus.yaml", section: 5, purpose: "configuration of the Apus model server",
                blocks: ConfigurationManual.blocks(reference))
        case .models:
            Roff(
                name: "apus-models", section: 7, purpose: "how models are laid out, published and exported for Apus",
                blocks: ModelsManual.blocks)
        }
    }
}
