import HTTPCore
import OpenInference
import ServableCore

/// What was counted of versions, in the form of the protocol's extension "statistics".
enum StatisticsJSON {
    static func respond(_ versions: [(id: ServableID, statistics: InferenceStatistics)], _ reply: RESTReply) {
        reply.sendJSON { buffer in
            buffer.append("{\"model_stats\":")
            buffer.appendJSON(list: versions) { version, buffer in append(version.id, version.statistics, to: &buffer) }
            buffer.append("}")
        }
    }

    private static func append(_ id: ServableID, _ statistics: InferenceStatistics, to buffer: inout ByteBuffer) {
        buffer.append("{\"name\":")
        buffer.appendJSON(string: id.name)
        buffer.append(",\"version\":\"\(id.version)\",\"last_inference\":\(statistics.lastInference)")
        buffer.append(",\"inference_count\":\(statistics.inferenceCount),\"execution_count\":\(statistics.executionCount)")
        let none = InferenceStatistics.Total()
        buffer.append(",\"inference_stats\":")
        append(
            [
                ("success", statistics.success), ("fail", statistics.failure), ("queue", statistics.queue),
                ("compute_input", statistics.input), ("compute_infer", statistics.run), ("compute_output", statistics.output),
                ("cache_hit", none), ("cache_miss", none),
            ], to: &buffer)
        buffer.append(",\"batch_stats\":")
        buffer.appendJSON(list: statistics.batches) { batch, buffer in
            buffer.append("{\"batch_size\":\(batch.rowCount),")
            appendMembers(
                [("compute_input", batch.input), ("compute_infer", batch.run), ("compute_output", batch.output)], to: &buffer)
            buffer.append("}")
        }
        buffer.append(
            ",\"memory_usage\":[{\"type\":\"CPU\",\"id\":0,\"byte_size\":\(statistics.memoryByteCount)}],\"response_stats\":{}}")
    }

    private static func append(_ totals: [(String, InferenceStatistics.Total)], to buffer: inout ByteBuffer) {
        buffer.append("{")
        appendMembers(totals, to: &buffer)
        buffer.append("}")
    }

    private static func appendMembers(_ totals: [(String, InferenceStatistics.Total)], to buffer: inout ByteBuffer) {
        for (index, (name, total)) in totals.enumerated() {
            buffer.append("\(index > 0 ? "," : "")\"\(name)\":{\"count\":\(total.count),\"ns\":\(total.nanoseconds)}")
        }
    }
}
