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
