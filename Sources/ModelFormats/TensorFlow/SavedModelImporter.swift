import GraphIR
import ProtobufWire
import ServingMessages
import Tensors

/// Reads TensorFlow SavedModels: `saved_model.pb` with the variables and assets beside it.
package struct SavedModelImporter: ModelImporter {
    package static let formatName = "savedmodel"
    static let fileName = "saved_model.pb"

    /// The tags of the meta graph to serve, exactly.
    private let tags: Set<String>

    /// What TensorFlow tags the meta graph with that is to be served.
    package static let servingTags: Set<String> = ["serve"]

    package init(tags: Set<String> = servingTags) { self.tags = tags }

    /// - Parameter path: the folder that holds `saved_model.pb`.
    package func load(path: String, limits: ImportLimits) throws(ImportError) -> ImportedModel {
        let folder = ModelFolder(path)
        let session = try ImportSession(path: folder.path + Self.fileName, limits: limits, formatName: "a SavedModel")
        // Attributes hold lists that hold functions' attributes: few levels, but a file may claim more.
        let saved = try session.read(depth: 100) { reader throws(WireError) in try TensorFlow.SavedModel(from: &reader) }
        let meta = try metaGraph(of: saved, session)
        return try SavedModelAssembly(meta, folder: folder, session: session).model()
    }

    private func metaGraph(of saved: TensorFlow.SavedModel, _ session: ImportSession) throws(ImportError) -> TensorFlow.MetaGraph {
        guard !saved.metaGraphs.isEmpty else {
            throw session.malformed("the file", "holds no graph; it is empty, cut off or not a SavedModel")
        }
        if let meta = saved.metaGraphs.first(where: { Set($0.information?.tags ?? []) == tags }) { return meta }
        let names = { (tags: [String]) in "{ " + tags.sorted().joined(separator: ", ") + " }" }
        let found = saved.metaGraphs.map { names($0.information?.tags ?? []) }.joined(separator: ", ")
        throw session.malformed(
            "the file", "has no meta graph with exactly the tags \(names(Array(tags))), it has \(found); export the model for serving")
    }
}
