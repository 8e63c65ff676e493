import CPlatform
import Glibc
import Testing

@Suite("Socket addresses")
struct AddressTests {
    private func resolve(_ host: String, _ port: UInt16) -> apus_address? {
        var found = [apus_address](repeating: apus_address(), count: 4)
        return apus_resolve(host, port, &found, 4) > 0 ? found[0] : nil
    }

    @Test("resolve from and print to numeric text", arguments: ["127.0.0.1", "0.0.0.0", "::1", "::", "2001:db8::1"])
    func text(host: String) throws {
        var address = try #require(resolve(host, 8501))
        var text = [CChar](repeating: 0, count: 64)
        var port: UInt16 = 0
        #expect(apus_address_text(&address, &text, text.count, &port) == 0)
        #expect(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) == host)
        #expect(port == 8501)
        #expect(apus_address_text(&address, &text, 2, &port) == -ENOSPC)
    }

    @Test("of IPv4 take the mapped form among the sixteen bytes")
    func mapped() throws {
        var address = try #require(resolve("10.1.2.3", 1))
        var bytes = [UInt8](repeating: 9, count: 16)
        #expect(apus_address_bytes(&address, &bytes) == 1)
        #expect(bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 1, 2, 3])
        var none = apus_address()
        #expect(apus_address_bytes(&none, &bytes) == 0)
    }

    @Test("that do not exist give the resolver's code, calls on no socket a negative errno")
    func failures() {
        var found = apus_address()
        #expect(apus_resolve("300.1.1.1", 1, &found, 1) < 0)
        #expect(apus_accept(-1, &found) == -EBADF)
        #expect(apus_receive(-1, &found, 1) == Int64(-EBADF))
        #expect(apus_send(-1, &found, 1) == Int64(-EBADF))
        #expect(apus_listen(&found, 1) < 0)
    }
}

@Suite("Readiness")
struct ReadinessTests {
    @Test("of a wake descriptor is told once for each wake, without being read")
    func wakes() {
        let poll = apus_poll_create()
        let wake = apus_wake_create()
        defer {
            _ = apus_close(wake)
            _ = apus_close(poll)
        }
        var events = [apus_event](repeating: apus_event(), count: Int(APUS_EVENT_CAPACITY))
        #expect(apus_poll_add_signal(poll, wake, 7) == 0)
        #expect(apus_poll_wait(poll, &events, 0) == 0)
        for _ in 0..<3 {
            #expect(apus_wake(wake) == 0)
            #expect(apus_poll_wait(poll, &events, 0) == 1 && events[0].token == 7)
            #expect(apus_poll_wait(poll, &events, 0) == 0)
        }
    }

    @Test("of a timer comes after its instant and not when it is disarmed")
    func timers() {
        let poll = apus_poll_create()
        let timer = apus_timer_create()
        defer {
            _ = apus_close(timer)
            _ = apus_close(poll)
        }
        var events = [apus_event](repeating: apus_event(), count: Int(APUS_EVENT_CAPACITY))
        #expect(apus_poll_add_signal(poll, timer, 1) == 0)
        let due = apus_monotonic_nanoseconds() + 20_000_000
        #expect(apus_timer_arm(timer, due) == 0)
        #expect(apus_poll_wait(poll, &events, 5000) == 1)
        #expect(apus_monotonic_nanoseconds() >= due)
        #expect(apus_timer_arm(timer, apus_monotonic_nanoseconds() + 20_000_000) == 0)
        #expect(apus_timer_arm(timer, 0) == 0)
        #expect(apus_poll_wait(poll, &events, 40) == 0)
    }
}
