/// What every part of an import needs to refuse something: the model's path for messages, and the limits.
struct ImportContext: Sendable {
    let path: String
    let limits: ImportLimits

    func malformed(_ place: String, _ reason: String) -> ImportError {
        .malformed(path: path, place: place, reason: reason)
    }

    func unsupported(_ place: String, _ feature: String) -> ImportError {
        .unsupported(path: path, place: place, feature: feature)
    }

    func check(_ place: String, _ quantity: String, _ found: Int, atMost limit: Int) throws(ImportError) {
        guard found <= limit else {
            throw .limitExceeded(path: path, place: place, quantity: quantity, found: found, limit: limit)
        }
    }
}
