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
        // A version that was there a moment ago is on its way out.
        if wanted.isRetired { return .failed("an operator has unloaded the model; load it again to have it served") }
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
        // Found by a look, and its life is about to begin.
        if wanted.problem == nil, sought.isEmpty, !wanted.versions.isEmpty { return .expected(WantedModel.standing(of: [])) }
        return .failed(wanted.problem ?? WantedModel.standing(of: sought))
    }
}
