/// Which version of a model a request is for.
package enum VersionSelector: Sendable, Hashable {
    /// The highest version that is available.
    case latest
    case version(Int64)
    case label(String)
}
