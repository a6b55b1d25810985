import Foundation
import TestKit

/// A reviewer who does what the comment of each held command asks for: approve, deny, or leave it.
struct ReviewLoop: Sendable {
    struct Report: Sendable {
        var approved = 0
        var denied = 0
    }

    /// How often the reviewer looks, milliseconds.
    static let interval = 150

    /// Runs until `isOver` says so.
    static func run(_ rig: ChaosRig, until isOver: @Sendable () -> Bool) async throws -> Report {
        var report = Report()
        while !isOver() {
            try await review(rig, &report)
            try await Task.sleep(for: .milliseconds(interval))
        }
        return report
    }

    private static func review(_ rig: ChaosRig, _ report: inout Report) async throws {
        let listed = try await rig.gateway.sluice(["approvals", "list", "--format", "json"])
        // An approver that is stopped in the middle of a write keeps the store locked; a person tries again.
        if listed.status != 0, listed.errors.contains("database is locked") { return }
        guard listed.status == 0 else { throw TestKitError(listed.transcript) }
        for pending in try JSONValue(listed.output).list where pending["status"].string == "pending" {
            guard let id = pending["id"].string, let command = pending["command"].string else { continue }
            if command.contains("/* approve") {
                let done = try await rig.gateway.sluice(["approvals", "approve", id], as: rig.reviewer)
                if done.status == 0 { report.approved += 1 }
            } else if command.contains("/* deny") {
                let done = try await rig.gateway.sluice(
                    ["approvals", "deny", id, "--reason", "asked for"], as: rig.reviewer)
                if done.status == 0 { report.denied += 1 }
            }
        }
    }
}
