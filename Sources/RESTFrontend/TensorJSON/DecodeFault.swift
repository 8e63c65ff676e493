import ServableCore

/// Why tensors could not be read.
enum DecodeFault: Error {
    /// The text is no JSON; where and why is for `JSONValidator` to say.
    case syntax
    /// The text is JSON, but not the tensors that the signature requires.
    case refused(ServableError)

    static func invalid(_ message: String) -> DecodeFault { .refused(ServableError(.invalidArgument, message)) }

    /// The fault with the name of the element where it happened before it; then the code is always invalid argument.
    func inElement(_ index: Int, key: String? = nil) -> DecodeFault {
        guard case .refused(let error) = self else { return self }
        let place = key.map { "key: \($0) " } ?? ""
        return .invalid("Failed to process element: \(index) \(place)of 'instances' list. Error: \(error)")
    }
}
