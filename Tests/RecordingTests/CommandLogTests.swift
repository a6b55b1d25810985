import Contract
import Recording
import Testing

/// One entry for each command.
@Suite struct CommandLogTests {
    private static func record(_ time: UInt64, _ change: (inout Record) -> Void) -> Record {
        var record = Record()
        record.session = "a"
        record.timeUs = time
        change(&record)
        return record
    }

    /// Of a command that was undecided the second record has what may be told, and the first when it came.
    @Test(arguments: [RecordingLevel.metadata, .commands, .full])
    func undecidedFirst(_ level: RecordingLevel) throws {
        var log = CommandLog()
        var omission = Omission()
        omission.bytes = 9
        let records = [
            Self.record(10) {
                $0.command.command = 1
                $0.command.undecided = true
            },
            Self.record(11) {
                $0.hold.command = 1
                $0.hold.id = "h1"
                $0.hold.status = "pending"
            },
            Self.record(12) {
                $0.command.command = 1
                $0.command.text = level.keepsTexts ? "DELETE" : ""
                $0.command.recording = level
                $0.command.recordingRule = "quiet"
            },
        ]
        for record in records { #expect(log.add(record) == nil) }
        let ended = log.add(
            Self.record(20) {
                $0.result.command = 1
                $0.result.recording = level
                $0.result.omitted = omission
                $0.result.input.omitted = omission
            })
        let entry = try #require(ended)
        #expect(entry.received == 10 && entry.ended == 20 && entry.holds == ["h1"] && entry.recording == level)
        #expect(entry.text == (level.keepsTexts ? "DELETE" : "") && entry.recordingRule == "quiet")
        #expect(entry.omitted == [omission, omission])
        _ = log.add(records[0])
        #expect(log.unfinished().map(\.recording) == [.metadata])
    }

    @Test func oneCommandWhole() throws {
        var log = CommandLog()
        var review = Review()
        review.reviewer = "dba-1"
        review.approved = true
        #expect(log.add(started("a")) == nil && log.started.principal.name == "agent-1")
        let records = [
            Self.record(10) {
                $0.command.command = 1
                $0.command.text = "DELETE FROM t"
                $0.command.message = "Query"
            },
            Self.record(11) {
                $0.hold.command = 1
                $0.hold.id = "h1"
                $0.hold.status = "pending"
            },
            Self.record(12) {
                $0.decision.command = 1
                $0.decision.verdict = .allow
                $0.decision.rule = "holds"
            },
            Self.record(13) {
                $0.hold.command = 1
                $0.hold.id = "h1"
                $0.hold.status = "approved"
                $0.hold.reviews = [review]
            },
            Self.record(14) { $0.output.command = 1 },
        ]
        for record in records { #expect(log.add(record) == nil) }
        let ended = log.add(
            Self.record(20) {
                $0.result.command = 1
                $0.result.tag = "DELETE 3"
                $0.result.status = "done"
                $0.result.rows = 3
                $0.result.masked = [count("email")]
            })
        let entry = try #require(ended)
        #expect(entry.number == 1 && entry.received == 10 && entry.ended == 20 && entry.text == "DELETE FROM t")
        #expect(entry.verdict == .allow && entry.rule == "holds" && entry.holds == ["h1"] && entry.reviews == [review])
        #expect(entry.tag == "DELETE 3" && entry.rows == 3 && entry.masked.map(\.entity) == ["email"])
        #expect(log.unfinished().isEmpty)
    }

    @Test func memoisedAndUnfinished() {
        var log = CommandLog()
        for number in [UInt64(2), 1] {
            _ = log.add(
                Self.record(5) {
                    $0.command.command = number
                    $0.command.raw = .init([0xff, 0x41])
                    $0.command.memoised.verdict = .refuse
                    $0.command.memoised.rule = "no"
                })
        }
        let left = log.unfinished()
        #expect(left.map(\.number) == [1, 2] && left.allSatisfy { $0.verdict == .refuse && $0.ended == nil })
        #expect(left[0].text == "\u{fffd}A" && log.unfinished().isEmpty)
        // A result whose command is not here.
        #expect(log.add(Self.record(9) { $0.result.command = 7 }) == nil)
    }
}
