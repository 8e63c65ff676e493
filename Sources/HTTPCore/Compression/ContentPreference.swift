/// What a client wants to be done to the content of its response, by `Accept-Encoding`.
struct ContentPreference: Sendable, Equatable {
    /// The coding that it likes best; nil when it prefers the content as it is, or takes no coding that there is here.
    var coding: ContentCoding?
    /// Whether it asks for that coding, by naming no other or by a weight. A plain list is what HTTP libraries send by themselves, whatever
    /// their callers want.
    var isWish = false

    static let none = ContentPreference()
}

/// When the content of a response is compressed for a client that prefers that.
package enum ResponseCompression: Sendable {
    /// From the configured size on.
    case whenLarge
    /// From the configured size on, and whatever its size for a client that asks for a coding.
    case whenAsked
}
