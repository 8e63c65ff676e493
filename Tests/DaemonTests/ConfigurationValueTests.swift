import Daemon
import Testing

@Suite("Configuration values")
struct ConfigurationValueTests {
    @Test(
        "reads durations",
        arguments: [
            ("0us", Duration.zero), ("250us", .microseconds(250)), ("1.5s", .milliseconds(1500)), ("2 m", .seconds(120)),
            ("24h", .seconds(86_400)),
            ("0.000001s", .microseconds(1)), ("10", nil), ("", nil), ("s", nil), ("-1s", nil), ("1e3s", nil), ("1.s", nil), (".5s", nil),
            ("1.2.3s", nil), ("1d", nil), ("99999999999999999999s", nil), ("9223372036854775807h", nil), ("١s", nil),
        ] as [(String, Duration?)])
    func durations(text: String, duration: Duration?) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test(
        "writes durations in the largest whole unit",
        arguments: [
            (Duration.zero, "0s"), (.microseconds(1500), "1500us"), (.seconds(90), "90s"), (.seconds(120), "2m"), (.seconds(86_400), "24h"),
        ])
    func durationTexts(duration: Duration, text: String) {
        #expect(DurationText.text(duration) == text)
    }

    @Test(
        "reads numbers of bytes",
        arguments: [
            ("0", 0), ("65536", 65_536), ("64KiB", 65_536), ("1.5 GiB", 1_610_612_736), ("2MB", 2_000_000), ("12B", 12), ("1TiB", 1 << 40),
            ("", nil), ("-1", nil), ("KiB", nil), ("64kib", nil), ("9223372036854775807", Int.max), ("9223372036854775808", nil),
            ("9007199254740992KiB", nil), ("1.0000000001KiB", nil),
        ] as [(String, Int?)])
    func byteCounts(text: String, byteCount: Int?) {
        #expect(ByteCountText.parse(text) == byteCount)
    }

    @Test(
        "turns memory budgets into bytes",
        arguments: [
            (MemoryBudget.unlimited, nil), (.byteCount(5), 5), (.percent(80), 1_288_490_188), (.percent(100), 1_610_612_736),
            (.percent(1), 16_106_127),
        ] as [(MemoryBudget, Int?)])
    func memoryBudgets(budget: MemoryBudget, limit: Int?) {
        #expect(budget.byteLimit(of: 1_610_612_736) == limit)
    }

    @Test(
        "finds the name that was probably meant, if any",
        arguments: [
            ("prot", "port"), ("adress", "address"), ("max_body_byte", "max_body_bytes"), ("port", "port"), ("zzz", nil), ("", nil),
        ] as [(String, String?)])
    func nearestNames(name: String, nearest: String?) {
        #expect(NearestName.nearest(to: name, among: ["address", "port", "max_body_bytes"]) == nearest)
    }

    @Test(
        "makes paths absolute by their letters",
        arguments: [
            ("a/b", "/w/a/b"), ("/a//b/", "/a/b"), ("../x", "/x"), ("./x/../y", "/w/y"), ("../../../x", "/x"), ("", "/w"), ("/", "/"),
        ])
    func paths(path: String, absolute: String) {
        #expect(FilePaths.absolute(path, relativeTo: "/w") == absolute)
    }
}
