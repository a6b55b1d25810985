import Foundation
import Testing

@testable import Telemetry

@Suite("Health")
struct HealthTests {
    @Test func aLoopThatDoesNotTurnIsStuck() {
        let health = Health()
        let loop = health.addLoop("work loop")
        let other = health.addLoop("event loop 0")
        let now = Clock.monotonic()
        loop.beat(now: now)
        other.beat(now: now)
        #expect(health.unhealthyReason(now: now + Health.patience) == nil)
        loop.beat(now: now + 1)
        #expect(health.unhealthyReason(now: now + Health.patience + 1) == "event loop 0 made no turn for 5 s")
        #expect(health.silence(now: now + 10) == 10)
        other.beat(now: now + 2)
        #expect(health.unhealthyReason(now: now + Health.patience + 1) == nil)
        // A time read before a beat is no silence.
        #expect(health.silence(now: now) == 0)
    }

    @Test func readinessHasItsReasons() {
        let health = Health()
        let masker = Gauge()
        health.require { masker.value > 0 ? nil : "no live masker" }
        #expect(health.unreadyReason() == "starting")
        health.becameReady()
        #expect(health.unreadyReason() == "no live masker")
        masker.set(1)
        #expect(health.unreadyReason() == nil)
        health.beganDraining()
        #expect(health.unreadyReason() == "draining")
    }

    @Test func aStuckProcessIsNotReady() {
        let health = Health()
        _ = health.addLoop("work loop")
        health.becameReady()
        let later = Clock.monotonic() + 2 * Health.patience
        #expect(health.unreadyReason(now: later)?.contains("no turn") == true)
    }

    @Test func theStatusSaysWhatIsKnown() throws {
        let telemetry = ProcessTelemetry()
        telemetry.setPolicyEpoch([0x0a, 0xff])
        let counter = Counter()
        telemetry.showTotal("commands") { counter.value }
        counter.add(3)
        telemetry.queued.set(2)
        let body = telemetry.response(to: .status, stage: "classifier", replica: "1").body
        let status = try JSONDecoder().decode(ProcessStatus.self, from: Data(body.utf8))
        #expect(status.stage == "classifier" && status.replica == "1" && status.pid == getpid())
        #expect(status.policyEpoch == "0aff" && status.totals == ["commands": 3] && status.queued == 2)
        #expect(status.healthy && !status.ready && status.reason == "starting")
        #expect(status.memory > 0 && status.version == BuildVersion.current)
        #expect(telemetry.response(to: .health, stage: "classifier", replica: "1") == .verdict(nil))
        #expect(telemetry.response(to: .readiness, stage: "classifier", replica: "1").status == 503)
    }

    @Test func addresses() throws {
        let plain = try Monitoring.hostAndPort("127.0.0.1:9464")
        #expect(plain.host == "127.0.0.1" && plain.port == 9464)
        let bracketed = try Monitoring.hostAndPort("[::1]:9464")
        #expect(bracketed.host == "::1" && bracketed.port == 9464)
        for wrong in ["", "9464", ":9464", "host:", "host:0", "host:65536", "host:x", "[::1:1"] {
            #expect(throws: MonitoringError.self) { try Monitoring.hostAndPort(wrong) }
        }
    }
}
