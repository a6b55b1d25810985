import Glibc
import Telemetry

/// What was written, and the room that is left for more.
struct RecorderMetrics: Sendable {
    private let records: Counter
    private let bytes: Counter
    private let blocks: Counter
    private let syncs: Counter
    private let failures: Counter

    /// `folder`: on the file system of the recordings.
    init(_ telemetry: ProcessTelemetry, folder: String) {
        let registry = telemetry.registry
        records = registry.counter("sluice_recorder_records_total", help: "Records acknowledged.")
        bytes = registry.counter("sluice_recorder_bytes_total", help: "Bytes of records before compression.")
        blocks = registry.counter("sluice_recorder_blocks_total", help: "Blocks written.")
        syncs = registry.counter("sluice_recorder_syncs_total", help: "Segments forced to the disk.")
        failures = registry.counter("sluice_recorder_failures_total", help: "Blocks that could not be written.")
        registry.add(
            "sluice_recorder_disk_free_bytes", "Free for the recorder on the recordings' file system.", .gauge
        ) {
            var info = statvfs()
            guard statvfs(folder, &info) == 0 else { return [] }
            return [.init(.integer(UInt64(info.f_bavail) * UInt64(info.f_frsize)))]
        }
        telemetry.showTotal("records") { [records] in records.value }
    }

    /// One block with these records, of these encoded bytes, is durable; it took `syncs` calls of fdatasync(2).
    func wrote(records count: Int, bytes size: Int, syncs times: UInt64) {
        records.add(count)
        bytes.add(size)
        blocks.add()
        syncs.add(times)
    }

    func failed() { failures.add() }
}
