/// Brings the command line into the one spelling that the option declarations have.
///
/// TensorFlow Serving writes `--rest_api_port=8501` and, for switches, `--enable_batching` or `--enable_batching=true`. Here
/// every flag may be written with underscores or hyphens, and a switch without value means true. Flags that cannot be
/// honoured are refused here, with the reason; those that ask for what is the case anyway are taken out.
package enum FlagSpelling {
    /// - Parameter arguments: the command line without the program's name.
    package static func normalized(_ arguments: [String]) throws(ConfigurationErrors) -> [String] {
        var result: [String] = []
        var problems: [ConfigurationProblem] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument != "--" else {
                result.append(argument)
                result.append(contentsOf: rest)
                break
            }
            guard argument.hasPrefix("--") else {
                result.append(argument)
                continue
            }
            let body = argument.dropFirst(2)
            let name = body.prefix { $0 != "=" }
            let hyphenated = String(name.replacing("_", with: "-"))
            let value = name.count < body.count ? String(body.dropFirst(name.count + 1)) : nil
            guard let flag = ServingFlag.byHyphenatedName[hyphenated] else {
                result.append("--" + hyphenated + String(body.dropFirst(name.count)))
                continue
            }
            append(flag, value, &rest, to: &result, &problems)
        }
        guard problems.isEmpty else { throw ConfigurationErrors(problems: problems) }
        return result
    }

    private static func append(
        _ flag: ServingFlag, _ value: String?, _ rest: inout ArraySlice<String>, to result: inout [String],
        _ problems: inout [ConfigurationProblem]
    ) {
        let given = value ?? (flag.isBoolean ? "true" : nil)
        guard case .fixed(let values, let reason) = flag.meaning else {
            result.append(given.map { "--\(flag.hyphenated)=\($0)" } ?? "--\(flag.hyphenated)")
            return
        }
        let asked = given ?? rest.popFirst() ?? ""
        guard !values.contains(asked) else { return }
        let message = "cannot be honoured with the value \"\(asked)\": \(reason)"
        problems.append(ConfigurationProblem(origin: .commandLine(flag: flag.name), key: nil, message: message))
    }
}
