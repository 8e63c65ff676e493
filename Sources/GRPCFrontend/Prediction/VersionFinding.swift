import ModelServing
import ServableCore
import ServingMessages

extension CallEnvironment {
    /// Finds the version that a request means, held for it: before it returns, unless the version is being loaded.
    ///
    /// - Parameter completion: called once, on any thread.
    func find(
        _ model: String, _ selector: VersionSelector, of call: IncomingCall,
        _ completion: @escaping @Sendable (Result<PredictionTarget, ServableError>) -> Void
    ) {
        let target: PredictionTarget
        do throws(ServableError) {
            target = try backend.target(model: model, selector: selector)
        } catch {
            let address = HeldRequests.Address(model: model, selector: selector)
            let isHeld =
                error.code == .unavailable
                && held.wait(
                    for: address, start: call.start, timeout: call.timeout, byteCount: call.message.count, completion)
            return isHeld ? () : completion(.failure(error))
        }
        completion(.success(target))
    }

    /// The same for a caller that waits.
    ///
    /// - Throws: TensorFlow Serving's errors of a request that names no model, and why there is no such version.
    func target(_ spec: TensorFlow.ModelSpec?, of call: IncomingCall) async throws(ServableError) -> PredictionTarget {
        let spec = try TensorFlow.ModelSpec.naming(spec)
        return try await target(model: spec.name, spec.selector, of: call)
    }

    func target(
        model: String, _ selector: VersionSelector, of call: IncomingCall
    ) async throws(ServableError) -> PredictionTarget {
        try await withCheckedContinuation { continuation in
            find(model, selector, of: call) { continuation.resume(returning: $0) }
        }.get()
    }
}

extension TensorFlow.ModelSpec {
    /// - Throws: TensorFlow Serving's errors of a request that names no model.
    static func naming(_ spec: TensorFlow.ModelSpec?) throws(ServableError) -> TensorFlow.ModelSpec {
        guard let spec else { throw ServableError(.invalidArgument, "Missing ModelSpec") }
        guard !spec.name.isEmpty else { throw ServableError(.invalidArgument, "ModelSpec has no name specified.") }
        return spec
    }

    var selector: VersionSelector {
        switch version {
        case nil: .latest
        case .version(let version): .version(version)
        case .label(let label): .label(label)
        }
    }
}
