import Bus
import Configuration
import Foundation
import Recording
import SharedIndex
import Synchronization
import Telemetry

/// All sinks of one installation, each on a thread of its own: none waits for another.
public final class Forwarder: Sendable {
    private let running: RunningCount

    /// - Throws: when what the configuration names cannot be used; then nothing runs.
    public init(
        _ settings: RecordingForward, _ configuration: Configuration, telemetry: ProcessTelemetry = .current
    ) throws(ForwardError) {
        let state = configuration.state
        let archive: RecordingArchive
        do throws(RecordingError) {
            let keys = try settings.decryptionKey.map { path throws(RecordingError) in
                try DecryptionKeys(files: [path])
            }
            archive = RecordingArchive(recordings: state.recordings, access: RecordingAccess(keys: keys))
        } catch {
            throw ForwardError(.settings, error.description)
        }
        let withheld = settings.secretNames.union(configuration.recording.index?.secretNames ?? [])
        var pumps: [SinkPump] = []
        var metrics: [SinkMetrics] = []
        for sink in settings.sinks {
            let own = SinkMetrics(telemetry, sink: sink.name)
            metrics.append(own)
            do {
                pumps.append(
                    try SinkPump(
                        sink, recordings: archive, state: state.forwarder, withheld: withheld, metrics: own
                    ) { () throws(RecordingError) in try RecordingIndex.open(configuration) })
            } catch {
                throw ForwardError(error.code, "sink \(sink.name): \(error.description)")
            }
        }
        telemetry.showTotal("events") { [metrics] in metrics.reduce(0) { $0 + $1.events.value } }
        let running = RunningCount(pumps.count)
        self.running = running
        for pump in pumps {
            // Each pump is its thread's alone from here on.
            nonisolated(unsafe) let pump = pump
            Thread.detachNewThread {
                pump.run { StageSignals.shouldDrain }
                running.leave()
            }
        }
    }

    /// Whether all sinks have ended, which they do once the process is told to drain.
    public var hasFinished: Bool { running.isZero }
}

private final class RunningCount: Sendable {
    private let count: Atomic<Int>
    init(_ count: Int) { self.count = Atomic(count) }
    func leave() { count.subtract(1, ordering: .releasing) }
    var isZero: Bool { count.load(ordering: .acquiring) == 0 }
}
