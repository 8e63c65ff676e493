package import HTTPCore
import NIOSSL
import Synchronization

/// The certificate that is in force, and what is required of clients.
package final class GRPCCredentials: Sendable {
    /// Where certificates come from.
    package enum Source: Sendable, Equatable {
        /// The files of the REST listeners.
        case files(HTTPCore.TLSConfiguration)
        /// PEM texts, as TensorFlow Serving's `--ssl_config_file` holds them.
        case texts(certificate: String, key: String, clientCA: String?, verifiesClients: Bool)
    }

    private let current: Mutex<NIOSSLContext>

    package init(_ source: Source) throws(GRPCCredentialsError) { current = Mutex(try Self.context(source)) }

    /// Certificates that have been read and checked, and are not in force yet.
    package struct Prepared: Sendable {
        fileprivate let context: NIOSSLContext
    }

    /// Reads the source anew; nothing changes until that is committed.
    package static func prepare(_ source: Source) throws(GRPCCredentialsError) -> Prepared { Prepared(context: try context(source)) }

    /// Puts certificates in force for connections from now on; those under way keep what they began with.
    package func commit(_ prepared: Prepared) { current.withLock { $0 = prepared.context } }

    var context: NIOSSLContext { current.withLock { $0 } }

    private static func context(_ source: Source) throws(GRPCCredentialsError) -> NIOSSLContext {
        do {
            var configuration = try configuration(source)
            configuration.applicationProtocols = ["h2"]
            configuration.minimumTLSVersion = .tlsv12
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw GRPCCredentialsError(reason: "the certificates of the gRPC listeners cannot be used: \(error)")
        }
    }

    private static func configuration(_ source: Source) throws -> NIOSSL.TLSConfiguration {
        switch source {
        case .files(let files):
            var configuration = NIOSSL.TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(files.certificateFile).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: files.keyFile, format: .pem)))
            if let file = files.clientCAFile { configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file)) }
            configuration.certificateVerification =
                switch files.clientVerification {
                case .none: .none
                case .optional: .optionalVerification
                case .required: .noHostnameVerification
                }
            return configuration
        case .texts(let certificate, let key, let clientCA, let verifiesClients):
            var configuration = NIOSSL.TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
            if let clientCA { configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(clientCA.utf8))) }
            configuration.certificateVerification = verifiesClients ? .noHostnameVerification : .none
            return configuration
        }
    }
}

/// Why certificates are of no use.
package struct GRPCCredentialsError: Error, Sendable, CustomStringConvertible {
    let reason: String

    package var description: String { reason }
}
