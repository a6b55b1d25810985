import Contract
import Foundation
import PostgresRender
import SwiftProtobuf
import Testing

@Suite struct RenderTests {
    private func message(_ type: Character, _ body: [UInt8]) -> [UInt8] {
        [type.asciiValue ?? 0] + big(UInt32(body.count + 4)) + body
    }
    private func big(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
    }
    private func description(_ columns: [(String, UInt32, Int16)]) -> [UInt8] {
        var body = big(Int16(columns.count))
        for (name, type, format) in columns {
            body += Array(name.utf8) + [0] + big(UInt32(0)) + big(Int16(0)) + big(type) + big(Int16(4)) + big(Int32(-1))
            body += big(format)
        }
        return message("T", body)
    }
    private func row(_ values: [[UInt8]?]) -> [UInt8] {
        var body = big(Int16(values.count))
        for value in values {
            body += value.map { big(Int32($0.count)) + $0 } ?? big(Int32(-1))
        }
        return message("D", body)
    }
    private func output(_ data: [UInt8]) -> Record {
        var record = Record()
        record.timeUs = 1_700_000_000_000_000
        record.output.data = Data(data)
        return record
    }

    @Test func whatStagesNotedIsShownUnderTheDecision() throws {
        var decision = Decision()
        var annotation = Annotation()
        annotation.name = "ticket"
        annotation.value = "OPS-1742\u{1b}[31m"
        decision.annotations = [annotation]
        var signed = SignedDecision()
        signed.stage = "custom"
        signed.decision = Data(try decision.serializedBytes() as [UInt8])
        var broken = SignedDecision()
        broken.stage = "other"
        broken.decision = Data([0xff])
        var record = Record()
        record.decision.verdict = .allow
        record.decision.rule = "r"
        record.decision.decisions = [signed, broken]
        var timeline = PostgresTimeline()
        let text = timeline.render(record)
        #expect(text.contains("→ allow by rule “r”\n      custom: ticket = OPS-1742"), "\(text)")
        #expect(text.contains("      other: its decision cannot be read\n"))
        #expect(!text.contains("\u{1b}"))
    }

    private func record(_ change: (inout Record) -> Void) -> Record {
        var record = Record()
        change(&record)
        return record
    }

    @Test func whatIsNotRecordedIsSaid() {
        var timeline = PostgresTimeline()
        let metadata = timeline.render(
            record {
                $0.command.command = 4
                $0.command.message = "Bind"
                $0.command.digest = Data([0x0a, 0xff])
                $0.command.recording = .metadata
                $0.command.recordingRule = "quiet\u{1b}"
            })
        #expect(
            metadata.hasSuffix("command 4 (Bind)  (text not recorded (rule “quiet\\x1b”); SHA-256 0aff)\n"),
            "\(metadata)")
        let result = timeline.render(
            record {
                $0.result.command = 4
                $0.result.sqlstate = "22P02"
                $0.result.recording = .metadata
                $0.result.recordingRule = "quiet"
            })
        #expect(result == "    ← error 22P02: (text not recorded), 0 rows, 0 bytes, data not recorded (rule “quiet”)\n")
    }

    /// Shown once, with its text, unless something is to be shown before or nothing follows.
    @Test func undecidedCommands() {
        let undecided = record {
            $0.command.command = 4
            $0.command.undecided = true
        }
        let decided = record {
            $0.command.command = 4
            $0.command.text = "SELECT 1"
        }
        var timeline = PostgresTimeline()
        #expect(timeline.render(undecided) == "")
        #expect(timeline.render(decided).hasSuffix("command 4  SELECT 1\n"))
        #expect(timeline.finish() == "")
        #expect(timeline.render(undecided) == "")
        let held = timeline.render(record { $0.hold.id = "h1" }).split(separator: "\n")
        #expect(held.count == 2 && held[0].contains("command 4  (its text is recorded once it is decided;"))
        #expect(timeline.render(decided).hasSuffix("command 4, continued  SELECT 1\n"))
        #expect(timeline.render(undecided) == "")
        #expect(timeline.finish().contains("command 4  (its text"))
    }

    /// Its text was not to be recorded, until it was refused for a reason of its own.
    @Test func textsThatComeLater() {
        var timeline = PostgresTimeline()
        let metadata = record {
            $0.command.command = 4
            $0.command.recording = .metadata
        }
        #expect(timeline.render(metadata).contains("command 4  (text not recorded;"))
        for wanted in ["command 4, continued  SELECT 1\n", "command 5  SELECT 1\n"] {
            let whole = record {
                $0.command.command = wanted.contains("5") ? 5 : 4
                $0.command.text = "SELECT 1"
            }
            #expect(timeline.render(whole).hasSuffix(wanted))
        }
    }

    @Test func budgetsAndInput() {
        var timeline = PostgresTimeline()
        let sent = timeline.render(
            record {
                $0.output.data = Data(message("d", Array("1\tanna\n".utf8)))
                $0.output.fromClient = true
                $0.output.stopped = "per_session"
            })
        #expect(
            sent == "  >   1\\tanna\n      (no more of it is recorded: budget per_session is used up)\n", "\(sent)")
        let result = timeline.render(
            record {
                $0.result.tag = "COPY 1"
                $0.result.input.bytes = 40
                $0.result.input.omitted.bytes = 30
                $0.result.input.omitted.sha256 = Data([1])
                $0.result.omitted.bytes = 7
                $0.result.omitted.sha256 = Data([0xab])
                $0.result.omitted.budget = "per_command"
            })
        #expect(result.contains("← COPY 1, 0 rows, 0 bytes, 40 bytes copied in\n"))
        #expect(
            result.contains(
                "the last 7 bytes of the output are not recorded (budget per_command); their SHA-256 is ab\n"))
        #expect(result.contains("the last 30 bytes of what was copied in are not recorded"))
    }

    @Test func whatFollowsAMessageThatIsTooLongIsRead() {
        let long = message("D", [UInt8](repeating: 0x61, count: 3 << 20))
        let data = long + message("C", Array("SELECT 1\0".utf8))
        var timeline = PostgresTimeline()
        var text = ""
        for start in stride(from: 0, to: data.count, by: 1 << 20) {
            text += timeline.render(output(Array(data[start..<min(start + (1 << 20), data.count)])))
        }
        #expect(
            text.hasSuffix("      SELECT 1\n") && text.contains("bytes that cannot be shown"), "\(text.suffix(300))")
    }

    @Test func tablesAreAligned() {
        let data =
            description([("id", 23, 1), ("name", 25, 0)])
            + row([big(Int32(7)), Array("anna".utf8)]) + row([big(Int32(-1200)), nil])
            + message("C", Array("SELECT 2\0".utf8))
        let expected = """
                   id    | name
                  -------+------
                       7 | anna
                   -1200 | ∅
                  SELECT 2

            """
        var whole = PostgresTimeline()
        #expect(whole.render(output(data)) == expected)
        for cut in 0...data.count {
            var timeline = PostgresTimeline()
            let text = timeline.render(output(Array(data[..<cut]))) + timeline.render(output(Array(data[cut...])))
            #expect(text == expected, "cut at \(cut)")
        }
    }

    @Test func binaryValuesAreDecoded() {
        let data =
            description([("d", 1082, 1), ("t", 1184, 1), ("u", 2950, 1), ("x", 17, 1), ("f", 701, 1)])
            + row([
                big(Int32(8766)), big(Int64(-1)), [UInt8](0..<16), [0xde, 0xad], big((1.5).bitPattern),
            ]) + message("C", [0])
        var timeline = PostgresTimeline()
        let text = timeline.render(output(data))
        #expect(text.contains("2024-01-01 |"))
        #expect(text.contains("1999-12-31 23:59:59.999999+00"))
        #expect(text.contains("00010203-0405-0607-0809-0a0b0c0d0e0f"))
        #expect(text.contains("\\xdead"))
        #expect(text.contains("1.5"))
    }

    @Test func terminalsAreSafe() {
        let evil = Array("\u{1b}[2J\u{9b}1m\u{202e}\u{7}\r\n\u{2028}x".utf8) + [0xff]
        var timeline = PostgresTimeline()
        var text = timeline.render(
            output(description([("a\u{1b}]0;", 25, 0)]) + row([evil]) + message("C", evil + [0])))
        var record = Record()
        record.command.text =
            String(decoding: evil, as: UTF8.self) + "\n2026-01-01 00:00:00.000Z +0.000s  command 9  forged"
        text += timeline.render(record)
        record.sessionStarted.principal.name = "\u{1b}c"
        text += timeline.render(record)
        for scalar in text.unicodeScalars where scalar != "\n" {
            #expect(scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value))
            #expect(scalar != "\u{202e}" && scalar != "\u{2028}")
        }
        #expect(!text.split(separator: "\n").contains { $0.hasPrefix("2026") })
    }

    @Test func hostileRepliesEnd() {
        var timeline = PostgresTimeline()
        for length in [UInt32(0), 3, 1 << 31, .max] {
            _ = timeline.render(output([UInt8(ascii: "D")] + big(length) + [1, 2, 3]))
        }
        let whole = description([("id", 23, 1)]) + row([big(Int32(7))])
        for index in whole.indices {
            for value in [UInt8(0), 0x7f, 0x80, 0xff] {
                var changed = whole
                changed[index] = value
                var other = PostgresTimeline()
                _ = other.render(output(changed))
                var end = Record()
                end.sessionEnded.reason = ""
                _ = other.render(end)
            }
        }
    }

    @Test func rowsAreBounded() {
        var options = PostgresTimeline.Options()
        options.maxRows = 2
        var timeline = PostgresTimeline(options: options)
        let rows = (0..<5).flatMap { row([Array("\($0)".utf8)]) }
        let text = timeline.render(output(description([("n", 25, 0)]) + rows + message("C", Array("SELECT 5\0".utf8))))
        #expect(text.contains("(3 more rows)"))
    }

    @Test func decisionsShowTheirRule() {
        var timeline = PostgresTimeline()
        var record = Record()
        record.timeUs = 1_700_000_000_123_000
        record.command.command = 3
        record.command.text = "SELECT 1"
        #expect(timeline.render(record) == "2023-11-14 22:13:20.123Z +0.000s  command 3  SELECT 1\n")
        record.decision.verdict = .refuse
        record.decision.rule = "no"
        #expect(timeline.render(record) == "    → refuse by rule “no”\n")
    }
}
