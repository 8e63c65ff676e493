import CPlatform

/// A descriptor that stands for nothing and keeps a place free: when all others are used up (EMFILE), it makes room to
/// accept one client and to send it a refusal, which would otherwise wait without a response.
struct ReserveDescriptor: ~Copyable {
    private var descriptor: Int32?

    /// Takes the place, unless it is held already; without success when there is none.
    mutating func take() {
        guard descriptor == nil else { return }
        let opened = apus_wake_create()
        descriptor = opened >= 0 ? opened : nil
    }

    /// Leaves the place free while `body` runs; returns nil, and runs nothing, when none is held.
    ///
    /// Another thread may be quicker to use it, before `body` as well as after.
    mutating func lend<Result>(_ body: () -> Result) -> Result? {
        guard let place = descriptor else { return nil }
        _ = apus_close(place)
        descriptor = nil
        defer { take() }
        return body()
    }

    mutating func close() {
        guard let place = descriptor else { return }
        _ = apus_close(place)
        descriptor = nil
    }
}
