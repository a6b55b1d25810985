import Foundation
import Synchronization
import Testing

@testable import Telemetry

@Suite("Log")
struct LogTests {
    private static let time: UInt64 = 1_795_428_000_123_456_789

    @Test func timestamps() {
        #expect(LogEntry.timestamp(0) == "1970-01-01T00:00:00.000Z")
        #expect(LogEntry.timestamp(Self.time) == "2026-11-23T10:00:00.123Z")
        #expect(LogEntry.timestamp(951_782_399_999_000_000) == "2000-02-28T23:59:59.999Z")
        #expect(LogEntry.timestamp(951_782_400_000_000_000) == "2000-02-29T00:00:00.000Z")
        #expect(LogEntry.timestamp(4_107_542_400_000_000_000) == "2100-03-01T00:00:00.000Z")
    }

    @Test func textLines() {
        let entry = LogEntry(.error, "cannot judge", session: "s1", trace: "ab")
        #expect(
            entry.line(.text, stage: "classifier", replica: "0", nanoseconds: Self.time)
                == "2026-11-23T10:00:00.123Z error classifier.0 session=s1 trace=ab: cannot judge\n")
        #expect(
            LogEntry(.info, "started").line(.text, stage: "supervisor", replica: "", nanoseconds: Self.time)
                == "2026-11-23T10:00:00.123Z info supervisor: started\n")
    }

    @Test func jsonLines() throws {
        let hostile = "a\"b\\c\nd\u{1b}[2J\u{2028}ä\u{0}"
        let line = LogEntry(.info, hostile, session: "s\"1").line(
            .json, stage: "masker", replica: "3", nanoseconds: Self.time)
        #expect(line.split(separator: "\n").count == 1 && line.hasSuffix("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(
            object == [
                "ts": "2026-11-23T10:00:00.123Z", "level": "info", "stage": "masker", "replica": "3",
                "session": "s\"1", "msg": hostile,
            ])
    }

    @Test(arguments: LogFormat.allCases)
    func aMessageCannotForgeALine(_ format: LogFormat) {
        let entry = LogEntry(.error, "x\n2026-11-23T10:00:00.123Z info other.0: fine\r\u{85}\u{2029}", session: "a\nb")
        let line = entry.line(format, stage: "ingress", replica: "0", nanoseconds: Self.time)
        let controls = line.dropLast().unicodeScalars.filter {
            $0.value < 0x20 || [0x85, 0x2028, 0x2029].contains($0.value)
        }
        #expect(controls.isEmpty)
    }

    @Test(arguments: LogFormat.allCases)
    func aLineFitsIntoOneWrite(_ format: LogFormat) {
        for piece in ["a", "ä", "\"", "\u{1}", "👩‍👩‍👧‍👦"] {
            let long = String(repeating: piece, count: 100_000)
            let entry = LogEntry(.error, long, session: long, trace: long)
            let line = entry.line(format, stage: "ingress", replica: "0", nanoseconds: Self.time)
            #expect(line.utf8.count <= 4096)
            #expect(line.contains("…"))
        }
    }

    @Test func repeatedLinesAreCounted() {
        let second: UInt64 = 1_000_000_000
        var limit = RepeatLimit()
        let entry = LogEntry(.error, "again", session: "s1")
        var written = 0
        for step in 0..<100 { written += limit.take(entry, now: UInt64(step)).count }
        #expect(written == RepeatLimit.perSecond)
        // Another message is not held up by it, nor is the same at another level.
        #expect(limit.take(LogEntry(.error, "other"), now: 100) == [LogEntry(.error, "other")])
        #expect(limit.take(LogEntry(.info, "again"), now: 100) == [LogEntry(.info, "again")])
        #expect(limit.flush(now: second - 1).isEmpty)
        #expect(limit.flush(now: second + 100) == [LogEntry(.error, "again … repeated 90 times")])
        #expect(limit.flush(now: 10 * second).isEmpty)
        #expect(limit.take(entry, now: 10 * second) == [entry])
    }

    @Test func theNextSecondTellsWhatTheLastOneLeftOut() {
        var limit = RepeatLimit()
        let entry = LogEntry(.error, "again")
        for _ in 0..<13 { _ = limit.take(entry, now: 5) }
        #expect(limit.take(entry, now: 1_000_000_005) == [LogEntry(.error, "again … repeated 3 times"), entry])
    }

    @Test func differentMessagesAreBounded() {
        var limit = RepeatLimit()
        for _ in 0..<12 { _ = limit.take(LogEntry(.error, "first"), now: 1) }
        var told: [LogEntry] = []
        for number in 0..<1000 { told += limit.take(LogEntry(.error, "\(number)"), now: 2) }
        #expect(told.count == 1001)
        #expect(told.contains(LogEntry(.error, "first … repeated 2 times")))
    }

    @Test func theProcessLogCounts() {
        let lines = Mutex<[String]>([])
        let log = ProcessLog { line in
            lines.withLock { $0.append(line) }
            return true
        }
        log.use(.json, stage: "masker", replica: "1")
        for _ in 0..<15 { log.log(LogEntry(.error, "same")) }
        log.log(LogEntry(.info, "other"))
        #expect(lines.withLock { $0.count } == 11)
        #expect(log.lines[.error].value == 10 && log.lines[.info].value == 1 && log.suppressed.value == 5)
        #expect(lines.withLock { $0 }.allSatisfy { $0.contains("\"stage\":\"masker\",\"replica\":\"1\"") })
    }
}
