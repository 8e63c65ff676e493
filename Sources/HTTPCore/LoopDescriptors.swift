import CPlatform

/// The descriptors that a loop cannot do without.
struct LoopDescriptors: Sendable {
    /// The epoll set, which watches the other two.
    let poll: Int32
    let wake: Int32
    let timer: Int32

    /// The token of the two signals; those of connections have bit 63 clear.
    static let signalToken: UInt64 = 1 << 63

    static func open() throws(SocketError) -> LoopDescriptors {
        var opened: [Int32] = []
        do throws(SocketError) {
            for create in [apus_poll_create, apus_wake_create, apus_timer_create] {
                let descriptor = create()
                guard descriptor >= 0 else { throw SocketError(.watch, "the server's sockets", errno: -descriptor) }
                opened.append(descriptor)
            }
            for signal in opened.dropFirst() {
                let result = apus_poll_add_signal(opened[0], signal, signalToken)
                guard result >= 0 else { throw SocketError(.watch, "the server's sockets", errno: -result) }
            }
        } catch {
            opened.forEach { _ = apus_close($0) }
            throw error
        }
        return LoopDescriptors(poll: opened[0], wake: opened[1], timer: opened[2])
    }

    func close() {
        for descriptor in [poll, wake, timer] { _ = apus_close(descriptor) }
    }
}
