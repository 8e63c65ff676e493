/// What is running.
enum Version {
    static let number = "0.1.0"
    /// The language version that the binary was compiled with.
    #if compiler(>=6.4)
        static let swift = "6.4 or later"
    #elseif compiler(>=6.3)
        static let swift = "6.3"
    #else
        static let swift = "6.2"
    #endif
}
