import ServableCore

/// Finds what somebody probably meant.
package enum NearestName {
    /// The candidate with the fewest changed letters, if it is near enough to be meant.
    package static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let limit = max(2, name.count / 3)
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let distance = NearNames.distance(Array(name), Array(candidate))
            if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.name
    }
}
