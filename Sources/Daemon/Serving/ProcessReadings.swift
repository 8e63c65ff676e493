import Glibc
import Telemetry

extension MetricStore {
    /// Adds what every client library of Prometheus reports of its process, under the names and units that they agreed on
    /// (prometheus.io/docs/instrumenting/writing_clientlibs, "Process metrics").
    ///
    /// What the system does not say is left out.
    func addProcessReadings() {
        func gauge(_ name: String, _ help: String, _ value: @escaping @Sendable () -> Double?) {
            readGauge(MetricDescription(name, help: help)) { value().map { [.init([], $0)] } ?? [] }
        }
        readCounter(MetricDescription("process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds.")) {
            ProcessFacts.cpuSeconds.map { [.init([], $0)] } ?? []
        }
        gauge("process_open_fds", "Number of open file descriptors.") { ProcessFacts.openDescriptorCount }
        gauge("process_max_fds", "Maximum number of open file descriptors.") {
            ProcessFacts.limit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue))
        }
        gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.") { ProcessFacts.memoryByteCounts?.virtual }
        gauge("process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.") {
            ProcessFacts.limit(__rlimit_resource_t(RLIMIT_AS.rawValue))
        }
        gauge("process_resident_memory_bytes", "Resident memory size in bytes.") { ProcessFacts.memoryByteCounts?.resident }
        gauge("process_threads", "Number of OS threads in the process.") { ProcessFacts.threadCount }
        let startTime = ProcessFacts.startTime
        gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.") { startTime }
    }
}

/// What the system says of this process; nil where it says nothing.
enum ProcessFacts {
    /// User and system time (getrusage(2)).
    static var cpuSeconds: Double? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// Entries of `/proc/self/fd`, without the one that reads them.
    static var openDescriptorCount: Double? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            // `.` and `..` are no descriptors.
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return Double(max(0, count - 1))
    }

    /// The soft limit of a resource; infinity when there is none (getrlimit(2)).
    static func limit(_ resource: __rlimit_resource_t) -> Double? {
        var limits = rlimit()
        guard getrlimit(resource, &limits) == 0 else { return nil }
        return limits.rlim_cur == .max ? .infinity : Double(limits.rlim_cur)
    }

    /// Fields 1 and 2 of `/proc/self/statm`, in pages (proc_pid_statm(5)).
    static var memoryByteCounts: (virtual: Double, resident: Double)? {
        let fields = (Machine.text("/proc/self/statm") ?? "").split(separator: " ").compactMap { Double($0) }
        guard fields.count >= 2 else { return nil }
        let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
        return (fields[0] * pageSize, fields[1] * pageSize)
    }

    /// Field 20 of `/proc/self/stat`.
    static var threadCount: Double? { stat(20) }

    /// Field 22 of `/proc/self/stat`, in clock ticks since the machine's start, on the wall clock. The machine's start is derived from
    /// two clocks: `/proc/stat`, which has it, is hidden from services that may see processes alone (`ProcSubset=pid`).
    static var startTime: Double? {
        guard let ticks = stat(22) else { return nil }
        return seconds(CLOCK_REALTIME) - seconds(CLOCK_BOOTTIME) + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// A field of `/proc/self/stat`, counted from 1 (proc_pid_stat(5)). The second is the name in parentheses and may hold anything.
    private static func stat(_ number: Int) -> Double? {
        guard let line = Machine.text("/proc/self/stat"), let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(separator: " ")
        let index = number - 3
        return fields.indices.contains(index) ? Double(fields[index].filter { $0 != "\n" }) : nil
    }
}
