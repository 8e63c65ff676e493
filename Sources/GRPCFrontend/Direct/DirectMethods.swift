import ServableCore

/// A method whose calls are answered on the loop that reads them, without a task: the ones that are called most.
struct DirectMethod: Sendable {
    let handle: @Sendable (IncomingCall, @escaping CallCompletion) -> Void
    let meter: any CallMeter
}

/// The direct methods by their paths, and what their calls need.
struct DirectMethods: Sendable {
    let methods: [String: DirectMethod]
    let limit: Duration?
    let drain: DrainFlag
}
