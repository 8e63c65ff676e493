/// Decides what is done next to the versions of one model, so that the model stays available while versions change.
///
/// The rule is TensorFlow Serving's: the lowest ready version that is no longer wanted is unloaded if nothing is wanted, or a
/// wanted version is ready, or more than one unwanted version is ready; otherwise the highest wanted version that is new is loaded.
/// During a swap two versions are in memory, and a new version that fails leaves the old one serving.
package enum AvailabilityPreservingPolicy {
    package struct Candidate: Equatable {
        package let version: Int64
        package let isWanted: Bool
        package let standing: Standing

        package init(version: Int64, isWanted: Bool, standing: Standing) {
            self.version = version
            self.isWanted = isWanted
            self.standing = standing
        }
    }

    package enum Standing {
        /// Nothing has been done yet.
        case new
        /// Waits: being loaded, between tries, not yet quiet, failed or on its way out.
        case occupied
        case ready
    }

    package enum Action: Equatable {
        case load(Int64)
        case unload(Int64)
    }

    package static func nextAction(_ candidates: [Candidate]) -> Action? {
        let wanted = candidates.filter(\.isWanted)
        let leaving = candidates.filter { !$0.isWanted && $0.standing == .ready }.map(\.version)
        let mayUnload = wanted.isEmpty || wanted.contains { $0.standing == .ready } || leaving.count > 1
        if mayUnload, let lowest = leaving.min() { return .unload(lowest) }
        return wanted.filter { $0.standing == .new }.map(\.version).max().map(Action.load)
    }
}
