/// One version of one model.
package struct ServableID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let name: String
    /// Larger is newer.
    package let version: Int64

    package init(name: String, version: Int64) {
        self.name = name
        self.version = version
    }

    package static func < (left: ServableID, right: ServableID) -> Bool {
        left.name == right.name ? left.version < right.version : left.name < right.name
    }

    package var description: String { "model \"\(name)\" version \(version)" }
}
