import Inference
import Registry
import ServableCore
import Telemetry

extension MetricStore {
    /// Adds how busy the lanes are, how much of the memory budget is used, and whether the daemon is ready.
    func addReadings(of lanes: LanePool, _ budget: ResourceBudget, _ readiness: Readiness) {
        readGauge(MetricDescription("apus_lanes", help: "Threads that compute.")) { [.init([], Double(lanes.laneCount))] }
        readGauge(MetricDescription("apus_lanes_busy", help: "Threads that compute and have something to run now.")) {
            [.init([], Double(lanes.busyLaneCount))]
        }
        readGauge(
            MetricDescription(
                "apus_memory_budget_bytes", help: "What all loaded versions and the lanes may hold; +Inf when there is no limit.")
        ) {
            [.init([], budget.byteLimit.map(Double.init) ?? .infinity)]
        }
        readGauge(
            MetricDescription(
                "apus_memory_used_bytes", help: "What of the memory budget is held by versions and lanes, or reserved by loads.")
        ) {
            [.init([], Double(budget.reservedByteCount))]
        }
        readGauge(MetricDescription("apus_ready", help: "1 when the daemon is ready, as /readyz says; else 0.")) {
            [.init([], readiness.reasons.isEmpty ? 1 : 0)]
        }
    }

    /// Adds how writing the registry goes.
    func addReadings(of recorder: RegistryRecorder) {
        readCounter(MetricDescription("apus_registry_write_failures_total", help: "Writes of the registry that failed.")) {
            [.init([], Double(recorder.currentHealth.failedWriteCount))]
        }
        readGauge(MetricDescription("apus_registry_pending_events", help: "Events that wait to be written to the registry.")) {
            [.init([], Double(recorder.currentHealth.pendingCount))]
        }
        readCounter(
            MetricDescription("apus_registry_dropped_events_total", help: "Events that will never be in the registry.")
        ) {
            [.init([], Double(recorder.currentHealth.droppedCount))]
        }
    }

    /// Adds how the configuration was last read, at the start or by a reload.
    func addReadings(of reloads: ReloadRecord) {
        readGauge(
            MetricDescription(
                "apus_config_last_reload_successful", help: "1 when the configuration that was read last is in force; else 0.")
        ) {
            [.init([], reloads.last.isSuccessful ? 1 : 0)]
        }
        readGauge(
            MetricDescription(
                "apus_config_last_reload_timestamp_seconds", help: "When the configuration was last read, in seconds since 1970.")
        ) {
            [.init([], Double(reloads.last.time.microsecondsSinceEpoch) / 1e6)]
        }
        readCounter(
            MetricDescription("apus_config_reloads_total", labels: ["outcome"], help: "Reloads of the configuration by their outcome.")
        ) {
            [.init(["accepted"], Double(reloads.last.acceptedCount)), .init(["refused"], Double(reloads.last.refusedCount))]
        }
    }
}
