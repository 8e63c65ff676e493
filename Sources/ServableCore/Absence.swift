/// Why a request finds no version of a model, or not the one it is for.
package enum Absence: Sendable, Equatable {
    /// The version is on its way, or comes when it is asked for.
    case expected(String)
    /// The version is to be served and cannot be, for the present.
    case failed(String)
    /// Nobody has said to serve it; `near` are models of similar names that are served.
    case unknown(near: [String])
}

extension StatusBoard {
    /// Why version `version` of a model, or its latest one when that is nil, is not found.
    package func absence(of name: String, version: Int64?) -> Absence {
        let (wanted, versions, isExpected) = facts(of: name)
        guard let wanted else {
            if isExpected { return .expected("models are being looked for") }
            return .unknown(near: NearNames.near(to: name, among: wantedNames))
        }
        let sought = versions.filter { status in
            if let version { status.id.version == version } else { status.state != .end || status.error != nil }
        }
        let isOnItsWay = sought.contains { status in
            switch status.state {
            case .start: true
            // Between two tries there is nothing to wait for.
            case .loading: status.lastError == nil
            // May fit by now: the next request tries it again.
            case .end: wanted.isOnDemand && status.error?.code == .resourceExhausted
            case .available, .unloading: false
            }
        }
        // What was available a moment ago is found by the next look, or loaded again by the next request.
        if isOnItsWay || sought.contains(where: { $0.state == .available || $0.state == .unloading && wanted.isOnDemand }) {
            return .expected(WantedModel.standing(of: sought))
        }
        if let version, !wanted.versions.contains(version) {
            return isExpected ? .expected("models are being looked for") : .unknown(near: [])
        }
        return .failed(wanted.problem ?? WantedModel.standing(of: sought))
    }
}

/// Names that somebody who wrote another probably meant.
package enum NearNames {
    /// Names beyond these are not compared, so that an answer to a wrong one stays cheap.
    private static let candidateLimit = 256
    private static let byteLimit = 128

    /// Up to three names that differ in few letters, nearest first.
    package static func near(to name: String, among names: some Sequence<String>) -> [String] {
        let wrong = Array(name.utf8)
        guard wrong.count <= byteLimit else { return [] }
        // Two letters that have changed places are two differences.
        let limit = wrong.count < 4 ? 1 : max(2, wrong.count / 3)
        let candidates = names.lazy.filter { abs($0.utf8.count - wrong.count) <= limit }.prefix(candidateLimit)
        return candidates.map { (distance: distance(wrong, Array($0.utf8)), name: $0) }.filter { $0.distance <= limit }.sorted(by: <)
            .prefix(3).map(\.name)
    }

    /// Insertions, deletions and replacements that turn one into the other (Levenshtein), by one row of the table.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let replaced = diagonal + (letter == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
