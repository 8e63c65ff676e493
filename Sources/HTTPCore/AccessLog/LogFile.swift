import Glibc

/// What the lines of a log are written to.
///
/// Never waits: a pipe that is full is reported as such. (A blocking descriptor handed over as standard output is the
/// exception, which is why nothing but the log's own queue writes.)
@safe final class LogFile {
    enum Result: Equatable {
        case written(Int)
        /// The reader of a pipe is slower; room may be there later.
        case full
        case failed(errno: Int32)
    }

    /// What an administrator's group may read.
    private static let mode: mode_t = 0o640

    let destination: AccessLogConfiguration.Destination
    private let descriptor: Int32
    private let ownsDescriptor: Bool

    init(_ destination: AccessLogConfiguration.Destination) throws(SocketError) {
        self.destination = destination
        switch destination {
        case .standardOutput: (descriptor, ownsDescriptor) = (STDOUT_FILENO, false)
        case .standardError: (descriptor, ownsDescriptor) = (STDERR_FILENO, false)
        case .file(let path): (descriptor, ownsDescriptor) = (try Self.open(path), true)
        }
    }

    deinit { if ownsDescriptor { close(descriptor) } }

    func write(_ bytes: UnsafeRawBufferPointer) -> Result {
        while true {
            let count = unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            if count > 0 { return .written(count) }
            if count == 0 { return .full }
            let code = errno
            if code == EAGAIN || code == EWOULDBLOCK { return .full }
            if code != EINTR { return .failed(errno: code) }
        }
    }

    /// Waits until a pipe may have room again, in milliseconds at most.
    func awaitRoom(milliseconds: Int32) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&entry, 1, milliseconds)
    }

    private static func open(_ path: String) throws(SocketError) -> Int32 {
        // Non-blocking matters for a named pipe, whose opening would wait for a reader.
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        let descriptor = unsafe Glibc.open(path, flags, mode)
        guard descriptor >= 0 else { throw SocketError(.openLog, path, errno: errno) }
        return descriptor
    }
}
