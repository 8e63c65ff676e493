import HTTPCore
import ServableCore

/// What a request may see, by the listener that it came in by.
struct Visibility: Sendable {
    /// Whether operators have a listener of their own, and the request came in by another.
    private let isRestricted: Bool
    private let modelFolders: @Sendable () -> [String]

    init(_ request: borrowing Request, _ configuration: RESTConfiguration) {
        self.init(isAdministrative: request.isAdministrative, configuration)
    }

    /// - Parameter isAdministrative: whether the request came in by the listener for operators.
    init(isAdministrative: Bool, _ configuration: RESTConfiguration) {
        isRestricted = configuration.hasAdminListener && !isAdministrative
        modelFolders = configuration.modelFolders
    }

    /// Whether metrics and the registry are offered, and paths of files shown.
    var isOperator: Bool { !isRestricted }

    /// The text without the folders that models lie in.
    func text(_ text: String) -> String {
        guard isRestricted, text.contains("/") else { return text }
        // Longest first, as one may lie in another.
        return modelFolders().sorted { $0.utf8.count > $1.utf8.count }.reduce(text) { text, folder in
            folder.isEmpty || folder == "/" ? text : text.replacing(folder, with: "…")
        }
    }

    /// The path of a version's folder; nil when it is not to be shown.
    func path(_ path: String) -> String? { isRestricted ? nil : path }
}
