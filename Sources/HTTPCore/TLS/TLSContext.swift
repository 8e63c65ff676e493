import CPlatform
import Synchronization

/// Makes encrypted streams with the certificate that is in force.
///
/// One may serve several listeners and all loops at once.
package final class TLSContext: TransportFactory {
    private let current: Mutex<TLSServerContext>

    package init(_ configuration: TLSConfiguration) throws(TLSError) {
        current = Mutex(try TLSServerContext(configuration))
    }

    /// Files that have been read and checked, and are not in force yet.
    package struct Prepared: Sendable {
        fileprivate let context: TLSServerContext
    }

    /// Reads the files anew; nothing changes until they are committed.
    package static func prepare(_ configuration: TLSConfiguration) throws(TLSError) -> Prepared {
        Prepared(context: try TLSServerContext(configuration))
    }

    /// Puts files in force for connections from now on; those under way keep what they began with.
    package func commit(_ prepared: Prepared) {
        current.withLock { $0 = prepared.context }
    }

    /// What the operator should know of the files in force: dates, permissions, settings without effect. For the log.
    package var warnings: [String] { inForce.warnings }

    private var inForce: TLSServerContext { current.withLock { $0 } }

    package func makeTransport(over descriptor: Int32) throws(TransportError) -> any Transport {
        let context = inForce
        guard let transport = TLSTransport(context, over: descriptor) else {
            _ = apus_close(descriptor)
            throw TransportError("OpenSSL cannot make a connection: \(OpenSSLErrors.drain())")
        }
        return transport
    }
}
