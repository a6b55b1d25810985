import Bus
import Contract
import Foundation
import SwiftProtobuf

/// Reply batches, and what an answer about one must be.
struct ResponseLane: Lane {
    /// Rows of one batch.
    static let rows = 3
    private static let integer: UInt32 = 23
    private static let text: UInt32 = 25

    let bench: Bench
    let canary: String
    let checks = LaneChecks.response

    func sample() throws -> Sample { try batch() }

    func large(bytes: Int) throws -> Sample {
        let value = [UInt8](repeating: 0x61, count: 1 << 20)
        return try batch(values: Array(repeating: [Array("7".utf8), value], count: bytes >> 20))
    }

    /// Rows of an int4 and a text, and the CommandComplete behind them.
    func batch(isBinary: Bool = false, values: [[[UInt8]?]]? = nil, isDescribed: Bool = true) throws -> Sample {
        let number: [UInt8] = isBinary ? [0, 0, 0, 7] : Array("7".utf8)
        let rows: [[[UInt8]?]] = values ?? [[number, Array(canary.utf8)], [nil, []], [number, nil]]
        var batch = ordinary()
        if isDescribed {
            batch.columnsKnown = true
            batch.columns = [("id", Self.integer), ("email", Self.text)].map { name, type in
                var column = ResultColumn()
                column.name = name
                column.type = type
                column.format = isBinary ? 1 : 0
                return column
            }
        }
        let payload = rows.flatMap { WireMessage.row($0).bytes } + WireMessage.complete("SELECT \(rows.count)").bytes
        return try sample(batch, payload)
    }

    /// Copy data, one line each; `tail` as the masker left one.
    func copy() throws -> Sample {
        var batch = ordinary()
        batch.copy.out = true
        batch.copy.table = "orders"
        batch.copy.format = "text"
        batch.tail = Data("7\tcut".utf8)
        let lines = (0..<Self.rows).map { WireMessage(kind: "d", body: Array("\($0)\t\(canary)\n".utf8)).bytes }
        return try sample(batch, lines.flatMap { $0 })
    }

    /// The end of a COPY: nothing but the news that nothing follows.
    func endOfCopy() throws -> Sample {
        var batch = ordinary()
        batch.copy.out = true
        batch.copy.format = "csv"
        batch.last = true
        return try sample(batch, [])
    }

    /// An error of the target's, which goes through the lane where something is masked.
    func error() throws -> Sample {
        var batch = ordinary()
        batch.plan.allComputed = true
        let fields = "SERROR\0C22P02\0M\(canary)\0\0"
        return try sample(batch, WireMessage(kind: "E", body: Array(fields.utf8)).bytes)
    }

    private func ordinary() -> MaskBatch {
        var batch = MaskBatch()
        batch.protocol = "postgres"
        batch.principal.name = "conformance-agent"
        batch.principal.groups = ["ai-agents", "europe"]
        batch.resource = "orders"
        batch.command = 1
        return batch
    }

    private func sample(_ batch: MaskBatch, _ payload: [UInt8]) throws -> Sample {
        Sample(
            message: BusMessage(
                header: try bench.header(.mask, .response), body: try batch.serializedBytes(), payload: payload))
    }

    func passes(_ answer: Answer) -> Bool { answer.message.header.kind == .masked }

    func gist(_ answer: Answer) throws -> String {
        guard answer.message.header.kind == .masked, let reply = answer.body(as: MaskReply.self) else {
            return "\(answer.message.header.kind)"
        }
        guard !reply.hasRefusal else { return "refused by rule “\(reply.refusal.rule)”" }
        return "a payload of \(answer.message.payload.count) bytes"
    }

    func verify(_ answer: Answer, to sample: Sample, _ report: inout Report) {
        let header = answer.message.header
        guard header.kind == .masked else {
            let failure = answer.body(as: Failure.self)?.reason ?? ""
            return report.note(
                .responseAnswers, "MASK was answered with \(header.kind)\(header.kind == .failed ? ": \(failure)" : "")"
            )
        }
        guard answer.stop == Workspace.ingress, header.route.isEmpty else {
            return report.note(.responseAnswers, "MASKED went to \(answer.stop) with route \(header.route)")
        }
        guard let reply = answer.body(as: MaskReply.self) else {
            return report.note(.responseAnswers, "the body is no MaskReply")
        }
        report.note(.responseAnswers)
        var headerViolation = RequestLane.headerViolation(header, sample.message.header)
        if !header.decisions.isEmpty { headerViolation = "decisions were added in the response lane" }
        report.note(.responseHeader, headerViolation)
        report.check(.responseRemarks) { _ in try reply.checkRemarks() }
        report.note(.responseTail, reply.tail.isEmpty ? nil : "a tail of \(reply.tail.count) bytes")
        guard !reply.hasRefusal else { return }
        verify(payload: answer.message.payload, of: sample, &report)
    }

    private func verify(payload: [UInt8], of sample: Sample, _ report: inout Report) {
        guard let before = WireMessage.all(in: sample.message.payload) else { return }
        guard let after = WireMessage.all(in: payload) else {
            return report.note(.responseMessages, "a protocol message is cut, or has a wrong length")
        }
        let rows = (before.filter { $0.kind == "D" }, after.filter { $0.kind == "D" })
        let lines = (before.filter { $0.kind == "d" }, after.filter { $0.kind == "d" })
        let others = (before.map(\.kind).filter { !"Dd".contains($0) }, after.map(\.kind).filter { !"Dd".contains($0) })
        report.note(
            .responseMessages,
            others.0 == others.1 ? nil : "other messages came: \(String(others.1)), not \(String(others.0))")
        if !lines.0.isEmpty || !lines.1.isEmpty {
            let count = { (messages: [WireMessage]) in messages.flatMap(\.body).count { $0 == UInt8(ascii: "\n") } }
            report.note(
                .responseCopy,
                count(lines.0) == count(lines.1) ? nil : "\(count(lines.1)) copy rows came, not \(count(lines.0))")
        }
        guard !rows.0.isEmpty || !rows.1.isEmpty else { return }
        report.note(.responseRows, Self.rowViolation(rows.0, rows.1))
        guard sample.body.columns.contains(where: { $0.format == 1 }) else { return }
        let wrong = rows.1.contains { row in row.values.map { $0.first??.count ?? 4 } != 4 }
        report.note(.responseBinary, wrong ? "an int4 in binary form has another length than 4" : nil)
    }

    private static func rowViolation(_ before: [WireMessage], _ after: [WireMessage]) -> String? {
        guard before.count == after.count else { return "\(after.count) rows came, not \(before.count)" }
        for (old, new) in zip(before, after) {
            guard let values = new.values else { return "a row's values cannot be read" }
            guard values.count == old.values?.count else { return "a row has \(values.count) values" }
        }
        return nil
    }
}

extension Sample {
    /// The batch of a sample of the response lane.
    fileprivate var body: MaskBatch {
        do {
            return try message.body(as: MaskBatch.self)
        } catch {
            return MaskBatch()
        }
    }
}
