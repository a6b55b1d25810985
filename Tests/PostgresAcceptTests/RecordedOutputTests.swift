import Configuration
import Contract
import Foundation
import Identity
import NIOCore
@testable import PostgresAccept
import PostgresWire
import SwiftProtobuf
import Testing

/// What of a command's data is recorded, up to which budget.
@Suite struct RecordedOutputTests {
    private func allowance(_ perCommand: Int? = nil, _ perSession: Int? = nil) -> RecordingAllowance {
        RecordingAllowance(RecordingBudget(perCommand: perCommand, perSession: perSession))
    }

    /// A row message of `count` bytes.
    private func row(_ count: Int, _ fill: UInt8 = 0x61) -> ByteBuffer {
        message(BackendType.dataRow, [UInt8](repeating: fill, count: count - 5)).bytes
    }

    private func command(_ level: RecordingLevel = .full) throws -> Command {
        Command(
            number: 3,
            ruling: try ruling {
                $0.recording = level
                $0.recordingRule = "quiet"
            })
    }

    /// Everything recorded of its output.
    private func recorded(_ pieces: [Output], _ result: CommandResult) -> Data {
        pieces.reduce(Data()) { $0 + $1.data } + result.output
    }

    @Test func allOfItInPieces() throws {
        let command = try command()
        let allowance = allowance()
        var pieces: [Output] = []
        var sent = Data()
        for fill in UInt8(0)..<200 {
            let bytes = row(1000, fill)
            sent += Data(bytes.readableBytesView)
            pieces += command.deliver(bytes, allowance)
        }
        let result = command.result()
        #expect(pieces.count >= 3 && pieces.allSatisfy { $0.command == 3 && $0.firstUs > 0 && $0.stopped.isEmpty })
        #expect(recorded(pieces, result) == sent)
        #expect(result.bytes == 200_000 && !result.hasOmitted && result.outputOmittedBytes == 0)
    }

    @Test func aLargeMessageIsCutIntoRecords() throws {
        let command = try command()
        let bytes = row(5 << 20)
        let pieces = command.deliver(bytes, allowance(8 << 20, 8 << 20))
        #expect(pieces.allSatisfy { $0.data.count <= RecordedData.largestPiece })
        #expect(recorded(pieces, command.result()) == Data(bytes.readableBytesView))
    }

    @Test(arguments: [
        // Budgets of a command and of the session, and the one that is used up first.
        (2500, 1 << 20, "per_command"), (1 << 20, 2500, "per_session"), (2500, 2500, "per_command"),
    ])
    func beyondTheBudgetItIsSummedUp(perCommand: Int, perSession: Int, key: String) throws {
        let command = try command()
        let allowance = allowance(perCommand, perSession)
        var pieces: [Output] = []
        var sent = Data()
        for fill in UInt8(0)..<10 {
            // Two messages at a time: the budget ends between them.
            var bytes = row(500, fill)
            bytes.writeImmutableBuffer(row(500, fill))
            sent += Data(bytes.readableBytesView)
            pieces += command.deliver(bytes, allowance)
        }
        let result = command.result()
        #expect(recorded(pieces, result) == sent.prefix(2500))
        #expect(pieces.count { $0.stopped == key } == 1 && pieces.last?.stopped == key)
        #expect(result.bytes == 10_000 && result.outputOmittedBytes == 7500)
        #expect(result.omitted.bytes == 7500 && result.omitted.budget == key)
        #expect([UInt8](result.omitted.sha256) == SHA256Digest(of: [UInt8](sent.dropFirst(2500))).bytes)
    }

    /// What is recorded is the beginning: nothing is taken up again behind what was left out.
    @Test func nothingFollowsWhatIsOmitted() throws {
        let command = try command()
        let allowance = allowance(1000)
        let large = command.deliver(row(1001), allowance)
        #expect(large.map(\.stopped) == ["per_command"] && large[0].data.isEmpty)
        #expect(command.deliver(row(20), allowance).isEmpty)
        #expect(command.result().output.isEmpty && command.result().omitted.bytes == 1021)
    }

    @Test func whatIsUsedUpIsUsedUpForLaterCommands() throws {
        let allowance = allowance(nil, 1000)
        #expect(try command().deliver(row(900), allowance).isEmpty)
        let next = try command()
        _ = next.deliver(row(500), allowance)
        #expect(next.result().omitted.budget == "per_session" && next.result().output.isEmpty)
        let small = try command()
        _ = small.deliver(row(50), allowance)
        #expect(small.result().output.count == 50)
    }

    @Test func noBudgetRecordsNothing() throws {
        let command = try command()
        _ = command.deliver(row(50), allowance(0))
        #expect(command.result().output.isEmpty && command.result().omitted.bytes == 50)
    }

    @Test(arguments: [RecordingLevel.metadata, .commands])
    func lessThanFullKeepsNoData(_ level: RecordingLevel) throws {
        let command = try command(level)
        command.columns = [
            .with {
                $0.name = "salary"
                $0.type = 23
            }
        ]
        #expect(command.deliver(row(100_000), allowance()).isEmpty)
        #expect(command.receive(message(FrontendType.copyData, [1, 2, 3]).bytes, allowance()).isEmpty)
        command.status = .done
        command.tag = "SELECT 1"
        let result = command.result()
        #expect(result.output.isEmpty && result.columns.isEmpty && command.remainingInput().isEmpty)
        #expect(result.bytes == 100_000 && result.input.bytes == 8 && result.tag == "SELECT 1")
        #expect(result.recording == level && result.recordingRule == "quiet")
        // A digest would tell a short value.
        #expect(!result.hasOmitted && !result.input.hasOmitted)
    }

    @Test(arguments: [
        // Level, whether the error may quote, what is recorded of it.
        (RecordingLevel.full, true, "broken"), (.commands, false, "broken"), (.commands, true, ""),
        (.metadata, false, ""),
    ])
    func errors(level: RecordingLevel, quotes: Bool, text: String) throws {
        let command = try command(level)
        command.status = .failed
        command.sqlState = "22P02"
        command.error = "broken"
        command.errorMayQuote = quotes
        #expect(command.result().error == text && command.result().sqlstate == "22P02")
    }

    /// An error is recorded as the client got it, which is known when it is delivered.
    @Test func maskedErrors() throws {
        let command = try command()
        command.status = .failed
        var bytes = row(100)
        bytes.writeImmutableBuffer(
            message(BackendType.errorResponse, Array("SERROR\0C22P02\0Mnot a number: ***\0\0".utf8)).bytes)
        _ = command.deliver(bytes, allowance())
        #expect(command.result().error == "not a number: ***")
    }

    @Test(
        arguments: [
            ("42703", [], false), ("57014", [], false), ("22P02", [], true), ("23505", [], true), ("P0001", [], true),
            ("XX000", [], true), ("", [], true), ("42601", ["W"], true), ("42601", ["q"], true),
            ("42601", ["P"], false),
        ] as [(String, [Character], Bool)])
    func errorsThatMayQuote(sqlState: String, fields: [Character], quotes: Bool) {
        var all: [UInt8: String] = [UInt8(ascii: "C"): sqlState]
        for field in fields { all[field.asciiValue ?? 0] = "x" }
        #expect(QuotingErrors.contain(all) == quotes)
    }

    @Test func inputIsRecordedToo() throws {
        let command = try command()
        let allowance = allowance(1000)
        let rows = (UInt8(0)..<4).map { message(FrontendType.copyData, [UInt8](repeating: $0, count: 295)).bytes }
        var pieces: [Output] = []
        for row in rows { pieces += command.receive(row, allowance) }
        pieces += command.remainingInput()
        #expect(pieces.allSatisfy { $0.fromClient && $0.command == 3 })
        let sent = rows.reduce(Data()) { $0 + Data($1.readableBytesView) }
        #expect(pieces.reduce(Data()) { $0 + $1.data } == sent.prefix(900))
        let result = command.result()
        #expect(result.input.bytes == 1200 && result.input.omitted.bytes == 300 && !result.hasOmitted)
        #expect([UInt8](result.input.omitted.sha256) == SHA256Digest(of: [UInt8](sent.dropFirst(900))).bytes)
        #expect(pieces.last?.stopped == "per_command")
    }

    /// Notices and notifications beside any command; other messages without one are no news.
    @Test func looseReplies() throws {
        var loose = LooseReplies()
        let notice = message(BackendType.noticeResponse, Array("SNOTICE\0Mhello\0\0".utf8)).bytes
        var bytes = message(BackendType.bindComplete, []).bytes
        bytes.writeImmutableBuffer(notice)
        bytes.writeImmutableBuffer(row(50))
        let said = loose.take(bytes, allowance())
        #expect(said.map(\.data) == [Data(notice.readableBytesView)] && said[0].command == 0)
        let silent = loose.take(row(50), allowance())
        #expect(silent.isEmpty)
        let left = LooseReplies.leftOut(said[0])
        #expect(left.data.isEmpty && left.firstUs == said[0].firstUs)
        #expect(left.stopped.hasPrefix("recording: \(notice.readableBytes) bytes, SHA-256 "))
        var cut = LooseReplies()
        let stopped = [cut.take(notice, allowance(1)), cut.take(notice, allowance(1))]
        #expect(stopped.map { $0.map(\.stopped) } == [["per_command"], []])
    }
}
