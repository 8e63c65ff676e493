import ArgumentParser
import Glibc
import ServableCore

/// `apus status`: what a running daemon is doing.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what a running daemon serves: models, versions, states, rates, latency, memory.",
        discussion: """
            Rates are those of the last half second, or with --watch since the last look; latencies are of all requests since a version \
            was loaded, or with --watch since the last look.

            The exit code is 0 when the daemon is ready, also when degraded, 1 when it is not, and 69 when none answers.
            """)

    @Option(help: ArgumentHelp("The daemon; unix:/PATH for a Unix socket.", valueName: "url"))
    var url = DaemonAddress.standardURL

    @Option(help: ArgumentHelp("The daemon's Unix socket, such as /run/apus/apus.sock.", valueName: "path"), completion: .file())
    var socket: String?

    @Flag(help: "Look again and again until Ctrl-C.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds between two looks of --watch.", valueName: "s"))
    var interval = 2.0

    @Flag(help: "Print one JSON object, or with --watch one a line.")
    var json = false

    /// Between the two readings of a single look, in seconds.
    private static let window = 0.5

    func validate() throws {
        guard interval >= 0.1, interval <= 3_600 else {
            throw ValidationError("--interval is \(interval); expected 0.1 to 3600 seconds")
        }
    }

    func run() throws {
        let address = try socket.map { DaemonAddress(socket: $0) } ?? DaemonAddress(url: url)
        let connection = try ClientConnection(address)
        let interruption = watch ? Interruption() : nil
        var earlier = try DaemonReading(connection)
        var isReady = true
        repeat {
            sleep(watch ? interval : Self.window, interruption)
            if interruption?.isRequested ?? false { break }
            let reading = try DaemonReading(connection)
            let now = Double(Timestamp.now().microsecondsSinceEpoch) / 1e6
            let report = StatusReport(address, reading, since: earlier, isRecent: watch, now: now)
            isReady = reading.readiness != "not ready"
            try show(report)
            earlier = reading
        } while watch
        guard isReady || watch else { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func show(_ report: StatusReport) throws {
        guard !json else {
            try JSONOutput.print(report)
            return try StandardOutput.finish()
        }
        let style = TerminalStyle.output
        if watch, style.isTerminal { print("\u{1B}[H\u{1B}[2J", terminator: "") }
        print(StatusText(style).lines(report).joined(separator: "\n"))
        if watch, !style.isTerminal { print("") }
        try StandardOutput.finish()
    }

    private func sleep(_ seconds: Double, _ interruption: Interruption?) {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end, !(interruption?.isRequested ?? false) { usleep(50_000) }
    }
}
