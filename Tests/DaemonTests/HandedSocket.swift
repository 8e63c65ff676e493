import Foundation
import Glibc
import Testing

/// A listening socket of the loopback interface that daemons are started with, as a socket unit does it (sd_listen_fds(3)).
final class HandedSocket {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                bind(descriptor, target, length) == 0 && listen(descriptor, 128) == 0 && getsockname(descriptor, target, &length) == 0
            }
        }
        try #require(isListening)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }

    /// A shell moves the socket from standard input to descriptor 3, and becomes the daemon, whose number it says.
    func start(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http exec \"$0\" \"$@\""
        process.arguments = ["-c", script, try Program.path] + arguments
        process.environment = [:]
        process.standardInput = FileHandle(fileDescriptor: dup(descriptor), closeOnDealloc: true)
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}
