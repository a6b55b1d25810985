import Supervisor
import Telemetry

/// The processes as a table for people, with sums below.
struct StatusTable {
    private let status: FleetStatus

    init(_ status: FleetStatus) { self.status = status }

    var text: String {
        let columns = ["STAGE", "REPLICA", "PID", "STATE", "RESTARTS", "RATE/S", "QUEUE", "P50", "P99", "MEMORY"]
        let rows = status.stages.map(Self.row)
        return ([TextTable(columns: columns, rows: rows).text, ""] + footer).joined(separator: "\n")
    }

    private static func row(_ process: FleetStatus.Process) -> [String] {
        let pid = process.pid.map { "\($0)" } ?? "-"
        let known = [process.stage, "\(process.replica)", pid, process.state, "\(process.restarts)"]
        guard let live = process.live else { return known + ["-", "-", "-", "-", "-"] }
        return known + [rate(live.rate), "\(live.queued)", time(live.p50), time(live.p99), size(live.memory)]
    }

    private var footer: [String] {
        var lines: [String] = []
        let epochs = status.stages.filter { $0.stage == "classifier" }.compactMap { $0.live?.policyEpoch }
        if let first = epochs.first {
            let agree = epochs.allSatisfy { $0 == first }
            lines.append("policy \(first.prefix(12))" + (agree ? "" : " (the classifiers do not agree yet)"))
        }
        func total(_ key: String, of stage: String) -> UInt64? {
            let values = status.stages.filter { $0.stage == stage }.compactMap { $0.live?.totals[key] }
            return values.isEmpty ? nil : values.reduce(0, +)
        }
        if let sessions = total("sessions", of: "ingress") { lines.append("sessions open: \(sessions)") }
        let names: [(key: String, stage: String)] = [
            ("commands", "ingress"), ("refused", "ingress"), ("unavailable", "ingress"),
            ("rows", "masker"), ("records", "recorder"), ("events", "forwarder"),
        ]
        let totals = names.compactMap { name -> String? in
            total(name.key, of: name.stage).map { "\(name.key) \($0)" }
        }
        if !totals.isEmpty { lines.append("since these processes began: " + totals.joined(separator: ", ")) }
        for process in status.stages where process.state == "stuck" || process.live?.reason != nil {
            lines.append("\(process.stage).\(process.replica): \(process.live?.reason ?? "")")
        }
        let versions = Set(status.stages.compactMap { $0.live?.version })
        if versions.count > 1 { lines.append("versions differ: " + versions.sorted().joined(separator: ", ")) }
        return lines
    }

    static func rate(_ rate: Double) -> String { rate < 10 ? oneDecimal(rate) : "\(Int(rate.rounded()))" }

    static func time(_ seconds: Double?) -> String {
        guard let seconds else { return "-" }
        if seconds < 0.001 { return "\(Int((seconds * 1e6).rounded())) µs" }
        return seconds < 1 ? "\(oneDecimal(seconds * 1000)) ms" : "\(oneDecimal(seconds)) s"
    }

    static func size(_ bytes: UInt64) -> String { "\(oneDecimal(Double(bytes) / 1_048_576)) MiB" }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
