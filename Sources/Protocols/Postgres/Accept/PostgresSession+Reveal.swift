import Bus
import Configuration
import Contract
import Foundation
import Gateway
import Identity
import NIOCore
import PostgresWire
import Telemetry

/// `SELECT sluice.reveal('token', …)`: judged and recorded as every command is, and then answered by Sluice, whose masker
/// has the key. The values are in no recording.
extension PostgresSession {
    /// The target is asked nothing until it is answered.
    var isRevealing: Bool {
        if case .reveal = expected.first { true } else { false }
    }

    /// Why a command that asks for values of tokens does not run.
    func revealObjection(to ruling: Ruling, extended: Bool) -> WireNotice? {
        guard ruling.facts.functions.contains(Facts.revealFunction) else { return nil }
        let tokens = ruling.facts.revealedTokens.count
        // Whatever the policy says of calls: it is none.
        guard tokens > 0, !extended else { return Refusals.revealStandsAlone() }
        guard ruling.outcome != .refuse, let limit = RowLimit(ruling.limits), tokens > limit.rows else { return nil }
        return Refusals.tooManyTokens(limit, tokens)
    }

    /// Puts it behind what is on its way to the target. Not only the command is to be on record, but what was decided too.
    func askToReveal(_ command: Command) {
        guard !isMidBatch else { return refuse(command.number, Refusals.revealInBatch(), extended: false) }
        enqueue(
            .message(ByteBuffer(), after: recording.lastSequence, expecting: .reveal(command), type: FrontendType.query)
        )
    }

    /// The target has answered all that was before. True when it was written to.
    func reveal(_ command: Command) -> Bool {
        guard status != .failed else {
            return withhold(Refusals.revealInFailedTransaction(), command)
        }
        expected.append(.reveal(command))
        var batch = MaskBatch()
        batch.protocol = "postgres"
        batch.principal = principal
        batch.resource = resource.name
        batch.command = command.number
        batch.tokens = command.facts.revealedTokens
        services.reveal(batch, session: id, traceparent: trace.traceparent(span: command.number)) {
            [weak self] result in
            guard let self, !self.isEnded, self.isRevealing else { return }
            self.expected.removeFirst()
            switch result {
            case .success(let values): self.answer(command, values)
            case .failure(let failure): _ = self.withhold(Refusals.unrevealed(failure.reason), command)
            }
            self.flushTarget()
            self.advance()
            self.updateReading()
            self.flushClient()
        }
        return false
    }

    private func withhold(_ notice: WireNotice, _ command: Command) -> Bool {
        command.sqlState = notice.sqlState
        command.error = notice.message
        command.status = .failed
        return send(notice, command, extended: false)
    }

    private func answer(_ command: Command, _ values: [Revealed]) {
        command.rows = UInt64(values.count)
        command.tag = "SELECT \(values.count)"
        var answer = BackendEncoder.textColumns(["token", "value"])
        for (token, revealed) in zip(command.facts.revealedTokens, values) {
            let value = revealed.known ? Self.shown([UInt8](revealed.value)) : nil
            answer.writeImmutableBuffer(BackendEncoder.dataRow([Array(token.utf8), value]))
        }
        answer.writeImmutableBuffer(BackendEncoder.commandComplete(tag: command.tag))
        answer.writeImmutableBuffer(BackendEncoder.readyForQuery(status))
        replies.append(unrecorded: answer)
        finish(command, .done)
    }

    /// What no text can hold is shown as bytea is.
    private static func shown(_ value: [UInt8]) -> [UInt8] {
        guard value.contains(0) || String(validating: value, as: UTF8.self) == nil else { return value }
        return Array(("\\x" + Hexadecimal.encode(value)).utf8)
    }
}
