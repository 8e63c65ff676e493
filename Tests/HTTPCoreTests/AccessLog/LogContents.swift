import Glibc

extension TemporaryFolder {
    /// The whole lines of a file in the folder; none when there is no such file.
    func lines(of name: String) -> [String] {
        let descriptor = open(file(name), O_RDONLY)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        return String(decoding: readAll(descriptor), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().map(String.init)
    }
}

/// What can be read of a descriptor now.
func readAll(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var space = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &space, space.count)
        guard count > 0 else { return bytes }
        bytes += space[..<count]
    }
}
