package import ServableCore

/// Hears of the calls of one method. Any thread; must not block.
package protocol CallMeter: Sendable {
    /// - Parameter nanoseconds: from the call's message to its status.
    func finished(_ code: StatusCode, nanoseconds: Int64)
}

/// Makes the meters when the server is made, so that calls look nothing up.
package protocol CallMeters: Sendable {
    /// - Parameter method: `package.Service/Method`.
    func meter(of method: String) -> any CallMeter
}
