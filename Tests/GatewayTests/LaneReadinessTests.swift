import Bus
import Foundation
import Telemetry
import Testing

@testable import Gateway

@Suite("Lane readiness")
struct LaneReadinessTests {
    @Test func everyStageNeedsALiveReplica() throws {
        let directory = "/tmp/sb-" + UUID().uuidString.prefix(8)
        let manager = FileManager.default
        try manager.createDirectory(atPath: directory + "/masker", withIntermediateDirectories: true)
        defer {
            do {
                try manager.removeItem(atPath: directory)
            } catch {
                Issue.record(error)
            }
        }
        let context = try BusContext()
        let links = Links(context: context, directory: directory)
        let telemetry = ProcessTelemetry()
        telemetry.health.becameReady()
        let readiness = LaneReadiness(stages: ["masker"], telemetry: telemetry)
        readiness.update(links)
        #expect(telemetry.health.unreadyReason() == "no replica of masker is live")
        let inbox = try Inbox(context: context, endpoint: "ipc://\(directory)/masker/0")
        let deadline = monotonicNanoseconds() + 10_000_000_000
        // The registry is read again every 250 ms.
        while telemetry.health.unreadyReason() != nil, monotonicNanoseconds() < deadline {
            _ = links.tick(now: monotonicNanoseconds())
            readiness.update(links)
        }
        #expect(telemetry.health.unreadyReason() == nil, "\(inbox.endpoint)")
        // A stage that goes later is no reason to take no connections: clients are told by their own protocol.
        try manager.removeItem(atPath: directory + "/masker/0")
        while !links.replicas(of: "masker").isEmpty, monotonicNanoseconds() < deadline {
            _ = links.tick(now: monotonicNanoseconds())
        }
        readiness.update(links)
        #expect(links.replicas(of: "masker").isEmpty)
        #expect(telemetry.health.unreadyReason() == nil)
        #expect(
            Exposition.text(telemetry.registry.families()).contains("sluice_live_replicas{peer=\"masker\"} 0\n"))
        withExtendedLifetime(inbox) {}
    }
}
