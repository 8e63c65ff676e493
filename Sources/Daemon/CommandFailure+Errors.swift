import Glibc
import HTTPCore
import Inference
import ModelFormats
import Operators
import Registry
import ServableCore
import Telemetry

extension CommandFailure {
    /// What an error of any part means for the process; nil for errors that no part of ours threw.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let errors as ConfigurationErrors:
            self.init(errors.isUsageError ? .usage : .configuration, errors.description)
        case let error as SocketError: self.init(error)
        case let error as TLSError: self.init(error)
        case let error as RegistryError: self.init(error)
        case let error as ImportError: self.init(Self.status(of: error), error.description)
        case let error as EngineError: self.init(error.isUnsupported ? .unsupported : .badData, error.description)
        case let error as RecordFile.Failure: self.init(Self.status(of: error), "request_log.path: \(error)")
        case let error as TensorFileError: self.init(Self.status(of: error), error.description)
        case let refusal as InstructionSet.Refusal: self.init(.configuration, refusal.description)
        case let error as ServableError: self.init(Self.status(of: error), error.message)
        default: return nil
        }
    }

    init(_ error: SocketError) {
        self.init(Self.status(of: error), error.description)
    }

    init(_ error: TLSError) {
        self.init(Self.status(of: error), error.description)
    }

    init(_ error: RegistryError) {
        self.init(Self.status(of: error), error.description)
    }

    private static func status(of error: SocketError) -> ExitStatus {
        switch error.errno {
        case EACCES, EPERM: .noPermission
        case EADDRINUSE, EADDRNOTAVAIL: .unavailable
        case _ where error.operation == .inherit: .unavailable
        default: error.operation == .resolve ? .unavailable : .inputOutput
        }
    }

    private static func status(of error: TLSError) -> ExitStatus {
        guard case .unreadable(_, _, let code) = error else { return .configuration }
        return [EACCES, EPERM].contains(code) ? .noPermission : .inputOutput
    }

    private static func status(of error: RegistryError) -> ExitStatus {
        switch error {
        case .inaccessible(_, _, let code): [EACCES, EPERM, EROFS].contains(code) ? .noPermission : .inputOutput
        case .locked: .unavailable
        case .notADatabase, .foreign, .newer, .corrupt, .unreadableValue: .badData
        case .older: .unavailable
        case .engine: .inputOutput
        }
    }

    private static func status(of error: ImportError) -> ExitStatus {
        switch error {
        case .unreadable: .inputOutput
        case .unrecognized, .malformed, .limitExceeded: .badData
        case .unsupported: .unsupported
        case .outOfMemory: .unavailable
        }
    }

    private static func status(of error: RecordFile.Failure) -> ExitStatus {
        error.code == EACCES || error.code == EPERM ? .noPermission : .inputOutput
    }

    private static func status(of error: TensorFileError) -> ExitStatus {
        switch error {
        case .inputOutput: .inputOutput
        case .malformed: .badData
        case .unsupported: .unsupported
        case .outOfMemory: .unavailable
        }
    }

    private static func status(of error: ServableError) -> ExitStatus {
        switch error.code {
        case .unimplemented: .unsupported
        case .dataLoss, .invalidArgument, .failedPrecondition: .badData
        case .unavailable, .resourceExhausted: .unavailable
        case .permissionDenied: .noPermission
        default: .failed
        }
    }
}
