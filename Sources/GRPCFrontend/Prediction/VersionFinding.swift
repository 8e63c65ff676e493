import ModelServing
import ServableCore
import ServingMessages

extension CallEnvironment {
    /// The version that a request means, held for it; waits for one that is being loaded.
    ///
    /// - Throws: TensorFlow Serving's errors of a request that names no model.
    func target(_ spec: TensorFlow.ModelSpec?, of call: IncomingCall) async throws(ServableError) -> PredictionTarget {
        guard let spec else { throw ServableError(.invalidArgument, "Missing ModelSpec") }
        guard !spec.name.isEmpty else { throw ServableError(.invalidArgument, "ModelSpec has no name specified.") }
        return try await target(model: spec.name, spec.selector, of: call)
    }

    func target(
        model: String, _ selector: VersionSelector, of call: IncomingCall
    ) async throws(ServableError) -> PredictionTarget {
        do throws(ServableError) {
            return try backend.target(model: model, selector: selector)
        } catch {
            guard error.code == .unavailable else { throw error }
            let address = HeldRequests.Address(model: model, selector: selector)
            let result = await withCheckedContinuation { continuation in
                let isHeld = held.wait(for: address, start: call.start, timeout: call.timeout, byteCount: call.message.count) {
                    continuation.resume(returning: $0)
                }
                if !isHeld { continuation.resume(returning: .failure(error)) }
            }
            return try result.get()
        }
    }
}

extension TensorFlow.ModelSpec {
    var selector: VersionSelector {
        switch version {
        case nil: .latest
        case .version(let version): .version(version)
        case .label(let label): .label(label)
        }
    }
}
