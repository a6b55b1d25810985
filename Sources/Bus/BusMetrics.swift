import Contract
import Telemetry

/// What a process sends and receives on the bus, and how long a stage takes for it.
public final class BusMetrics: Sendable {
    /// This process's own.
    public static let current = BusMetrics(ProcessTelemetry.current)

    /// Received messages that were past their deadline, came twice, could not be read, or whose answer has nowhere to go.
    let expired: Counter
    let duplicates: Counter
    let malformed: Counter
    let heldUp: Counter
    /// Messages that no replica took in time.
    let undelivered: Counter
    let handling: Histogram
    let queued: Gauge
    private let received: [Counter]
    private let sent: [Counter]
    private let receivedBytes: Counter
    private let sentBytes: Counter

    init(_ telemetry: ProcessTelemetry) {
        let registry = telemetry.registry
        handling = telemetry.handling
        queued = telemetry.queued
        func perKind(_ name: String, _ help: String) -> [Counter] {
            Self.kinds.map { registry.counter(name, help: help, labels: [.init("kind", $0)]) }
        }
        received = perKind("sluice_bus_received_messages_total", "Messages taken off the inbox, by kind.")
        sent = perKind("sluice_bus_sent_messages_total", "Messages given to a peer's queue, by kind.")
        receivedBytes = registry.counter(
            "sluice_bus_received_bytes_total", help: "Bodies and payloads taken off the inbox, bytes.")
        sentBytes = registry.counter(
            "sluice_bus_sent_bytes_total", help: "Bodies and payloads given to a peer's queue, bytes.")
        func dropped(_ reason: String) -> Counter {
            registry.counter(
                "sluice_bus_dropped_messages_total",
                help: "Messages that were not handled: past their deadline, sent twice, not readable, or held up.",
                labels: [.init("reason", reason)])
        }
        expired = dropped("expired")
        duplicates = dropped("duplicate")
        malformed = dropped("malformed")
        heldUp = dropped("held_up")
        undelivered = registry.counter(
            "sluice_bus_undelivered_messages_total", help: "Answers for which no peer had room in time.")
        telemetry.showTotal("messages") { [received] in received.reduce(0) { $0 + $1.value } }
    }

    func took(_ message: BusMessage) {
        received[Self.index(of: message.header.kind)].add()
        receivedBytes.add(message.body.count + message.payload.count)
    }

    func gave(_ message: BusMessage) {
        sent[Self.index(of: message.header.kind)].add()
        sentBytes.add(message.body.count + message.payload.count)
    }

    private static let kinds = [
        "other", "judge", "judged", "hold_pending", "hold_close", "mask", "masked", "record", "recorded", "failed",
        "hold_closed", "ping", "pong", "cancel",
    ]

    /// Place in ``kinds``, which stand in the order of the contract's numbers.
    private static func index(of kind: Kind) -> Int { kinds.indices.contains(kind.rawValue) ? kind.rawValue : 0 }
}
