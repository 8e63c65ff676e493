import Glibc

/// Whether what is written to a descriptor may be coloured, and by what.
struct TerminalStyle: Sendable {
    enum Colour: String {
        case red = "31"
        case green = "32"
        case yellow = "33"
        case dim = "2"
        case bold = "1"
    }

    /// Whether a person looks at it.
    let isTerminal: Bool
    private let isColoured: Bool

    /// Colours are for terminals alone, and not where `NO_COLOR` has a value (https://no-color.org) or the terminal is `dumb`.
    init(descriptor: Int32, environment: [String: String] = ProcessEnvironment.variables) {
        let isDumb = environment["TERM"] == "dumb"
        isTerminal = isatty(descriptor) == 1 && !isDumb
        isColoured = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
    }

    static var output: TerminalStyle { TerminalStyle(descriptor: STDOUT_FILENO) }
    static var errors: TerminalStyle { TerminalStyle(descriptor: STDERR_FILENO) }

    func paint(_ text: String, _ colour: Colour) -> String { isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text }

    /// Columns of the terminal; 80 where it does not say.
    static func columnCount(of descriptor: Int32) -> Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
