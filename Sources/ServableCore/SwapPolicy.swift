/// In which order the versions of a model are changed.
package enum SwapPolicy: String, Sendable, CaseIterable {
    /// The new version is loaded before the old one goes: the model stays available, and both are in memory meanwhile.
    case availability
    /// The old version goes before the new one is loaded: there is memory for one, and the model is away meanwhile.
    case resource

    package typealias Candidate = AvailabilityPreservingPolicy.Candidate
    package typealias Action = AvailabilityPreservingPolicy.Action

    /// What is done next to the versions of one model; nil when there is nothing to do, or something to wait for.
    package func nextAction(_ candidates: [Candidate]) -> Action? {
        switch self {
        case .availability: AvailabilityPreservingPolicy.nextAction(candidates)
        case .resource: Self.resourcePreservingAction(candidates)
        }
    }

    /// TensorFlow Serving's resource-preserving rule: everything that is no longer wanted is unloaded, and only when it is gone is the
    /// highest wanted version loaded. Here the old one stays while the new one cannot be loaded yet: its files are still being copied,
    /// or are broken.
    private static func resourcePreservingAction(_ candidates: [Candidate]) -> Action? {
        let wanted = candidates.filter(\.isWanted), unwanted = candidates.filter { !$0.isWanted }
        let mayUnload = wanted.isEmpty || wanted.contains { $0.standing != .occupied }
        if mayUnload, let lowest = unwanted.filter({ $0.standing == .ready }).map(\.version).min() { return .unload(lowest) }
        guard unwanted.isEmpty else { return nil }
        return wanted.filter { $0.standing == .new }.map(\.version).max().map(Action.load)
    }
}
