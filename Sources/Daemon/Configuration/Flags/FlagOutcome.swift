/// What a flag with a value comes to.
enum FlagOutcome {
    case value(path: String, LocatedText)
    /// Says what to serve; judged with all other sources.
    case source
    case nothing
    case refused(String)
}

extension ServingFlag {
    func translated(_ located: LocatedText) -> FlagOutcome {
        switch meaning {
        case .source: return .source
        case .fixed(let values, let reason):
            return values.contains(located.text)
                ? .nothing : .refused("cannot be honoured with the value \"\(located.text)\": \(reason)")
        case .setting(let path, let expected, let translate):
            guard let text = translate(located.text) else {
                return .refused("found \"\(located.text)\"; expected \(expected)")
            }
            return .value(path: path, LocatedText(text: text, origin: located.origin))
        }
    }
}
