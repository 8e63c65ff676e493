import Glibc
import HTTPCore
import Registry
import Telemetry

/// Tries what `apus serve` opens before it serves, without disturbing a daemon that runs: addresses, sockets, groups, the registry, logs.
struct ServingCheck {
    /// What would keep the daemon from starting.
    private(set) var failures: [CommandFailure] = []
    /// What may, or may be a running daemon's own doing.
    private(set) var warnings: [String] = []

    init(_ configuration: ApusConfiguration) {
        let isRunning = checkRegistry(configuration.registry.path)
        let grpc = [configuration.grpc?.tcp, configuration.grpc?.unix].compactMap(\.self)
        for address in Self.addresses(configuration.server) + grpc { check(address, isRunning) }
        checkLogs(configuration)
    }

    /// Where the daemon listens by itself; sockets that the service manager hands over are its to open.
    private static func addresses(_ server: ServerConfiguration) -> [ListenerAddress] {
        var addresses: [ListenerAddress] = []
        if let address = server.address { addresses.append(.tcp(host: address, port: server.port)) }
        for place in server.listeners.map(\.place) + [server.admin].compactMap(\.self) {
            switch place {
            case .tcp(let host, let port): addresses.append(.tcp(host: host, port: port))
            case .unix(let path, let mode, let group): addresses.append(.unix(path: path, mode: mode, group: group))
            case .systemd: break
            }
        }
        return addresses
    }

    private mutating func check(_ address: ListenerAddress, _ isRunning: Bool) {
        do throws(SocketError) {
            try ListenerTrial.run(address)
        } catch  where error.errno == EADDRINUSE {
            // The daemon that holds the registry listens there.
            guard !isRunning else { return }
            warnings.append("\(error) (a socket unit of systemd may hold it for the daemon)")
        } catch {
            failures.append(CommandFailure(error))
        }
    }

    /// - Returns: whether a daemon uses the registry now.
    private mutating func checkRegistry(_ path: String) -> Bool {
        do throws(RegistryError) {
            try RegistryTrial.run(path)
        } catch {
            if case .locked = error { return true }
            failures.append(CommandFailure(error))
        }
        return false
    }

    private mutating func checkLogs(_ configuration: ApusConfiguration) {
        do throws(SocketError) { try configuration.server.accessLog?.tryDestination() } catch { failures.append(CommandFailure(error)) }
        guard let path = configuration.requestLog?.path else { return }
        do throws(RecordFile.Failure) {
            try RecordFile.tryOpening(path)
        } catch {
            failures.append(CommandFailure(error) ?? CommandFailure(.inputOutput, error.description))
        }
    }
}
