import Configuration
import Foundation
import Telemetry
import Testing

@testable import Supervisor

@Suite("The supervisor's log")
struct SupervisorLogTests {
    private static let time: UInt64 = 1_795_428_000_123_456_789
    private static let entry = LogEntry(.error, "cannot judge", session: "s1")

    private static func line(_ format: LogFormat, stage: String = "classifier", replica: String = "0") -> String {
        String(entry.line(format, stage: stage, replica: replica, nanoseconds: time).dropLast())
    }

    @Test(arguments: zip(LogStyle.allCases, LogFormat.allCases))
    func aProcessIsNamedOnce(_ style: LogStyle, _ format: LogFormat) {
        let line = Self.line(format)
        #expect(SupervisorLog(style: style).passOn(line, of: "classifier", replica: 0) == line + "\n")
    }

    @Test func otherTextStandsBehindAName() {
        let log = SupervisorLog(style: .text)
        #expect(log.passOn("Traceback", of: "my-check", replica: 2) == "my-check.2 | Traceback\n")
        // Who speaks for another is named.
        let forged = Self.line(.text, stage: "recorder")
        #expect(log.passOn(forged, of: "my-check", replica: 2) == "my-check.2 | \(forged)\n")
    }

    @Test func everythingThatAnEntryCanSayIsPassedOn() {
        let log = SupervisorLog(style: .json)
        for text in ["", "a\"b\\c\nd\u{1b}\u{2028}\u{0}ä}", "\",\"stage\":\"recorder\",\"msg\":\"", "👩‍👩‍👧‍👦"] {
            for (session, trace) in [("", ""), ("s\"1", ""), ("s", "t")] {
                let entry = LogEntry(.debug, text, session: session, trace: trace)
                let line = entry.line(.json, stage: "my-check", replica: "12", nanoseconds: Self.time)
                #expect(log.passOn(String(line.dropLast()), of: "my-check", replica: 12) == line)
            }
        }
    }

    private static let own = line(.json)
    static let forged = [
        own.replacing("}", with: ",\"stage\":\"recorder\"}"),
        own.replacing("\"session\"", with: "\"stage\""),
        own.replacing("\"session\":\"s1\"", with: "\"session\":\"s1\",\"session\":\"s2\""),
        own.replacing("\"msg\":\"cannot judge\"", with: "\"msg\":\"x\",\"msg\":\"y\""),
        own.replacing("cannot judge", with: "x\",\"level\":\"info\",\"stage\":\"recorder\",\"msg\":\"y"),
        own.replacing("cannot", with: "can\"not"), own.replacing("cannot", with: "\\ud800"),
        own.replacing("cannot", with: "\\u+123"), own.replacing("cannot", with: "\\x"), own + own,
        own.replacing("judge\"}", with: "judge\\\"}"), own.replacing("\"cannot judge\"", with: "[\"a\"]"),
        own.replacing("}", with: "} "), String(own.dropLast()),
    ]

    @Test(arguments: forged)
    func aStageCannotSpeakForAnother(_ line: String) throws {
        #expect(line != Self.own)
        let written = SupervisorLog(style: .json).passOn(line, of: "classifier", replica: 0, nanoseconds: Self.time)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(written.utf8)) as? [String: String])
        #expect(object["stage"] == "classifier" && object["msg"] == line)
    }

    @Test(arguments: ["Traceback \"x\"", line(.json, stage: "recorder"), line(.json, replica: "1"), "{}"])
    func otherTextBecomesAnObject(_ written: String) throws {
        let line = SupervisorLog(style: .json).passOn(
            written, of: "classifier", replica: 0, nanoseconds: Self.time)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(
            object == [
                "ts": "2026-11-23T10:00:00.123Z", "level": "info", "stage": "classifier", "replica": "0",
                "msg": written,
            ])
    }

    @Test func ownLines() {
        let text = SupervisorLog(style: .text)
        #expect(
            text.own("masker.0 ready", nanoseconds: Self.time)
                == "2026-11-23T10:00:00.123Z info supervisor: masker.0 ready\n")
        #expect(text.announcement("ready: postgres") == "ready: postgres\n")
        #expect(
            SupervisorLog(style: .json).announcement("ready: postgres", nanoseconds: Self.time)
                == "{\"ts\":\"2026-11-23T10:00:00.123Z\",\"level\":\"info\",\"stage\":\"supervisor\",\"replica\":\"\","
                + "\"msg\":\"ready: postgres\"}\n")
    }
}
