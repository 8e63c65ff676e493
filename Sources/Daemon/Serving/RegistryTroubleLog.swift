import Logging
import Registry
import ServableCore

/// What the registry's recorder reports, as log lines.
enum RegistryTroubleLog {
    static func write(_ trouble: RegistryRecorder.Trouble, to logger: Logger) {
        switch trouble {
        case .writeFailed(let error, let pendingCount):
            logger.error("the registry cannot be written; serving goes on, \(counted(pendingCount, "event")) waiting: \(error)")
        case .recovered:
            logger.notice("the registry is written again")
        case .refused(let event, let error):
            logger.error("the registry refuses an event, which is left out: \(event.kind): \(error)")
        case .thinned(let droppedCount):
            logger.error("too many events wait for the registry; \(counted(droppedCount, "older one")) dropped")
        case .lost(let count):
            logger.error("\(counted(count, "event")) could not be written to the registry before the end")
        }
    }
}
