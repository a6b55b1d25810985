import Bus
import Contract
import Foundation
@testable import Gateway
import Testing

@Suite("Reply lane")
struct ReplyLaneTests {
    private func counted(_ entity: String) -> EntityCount {
        var count = EntityCount()
        count.entity = entity
        count.count = 1
        return count
    }

    @Test func answersAddUp() throws {
        var first = MaskReply()
        first.tail = Data([7])
        first.counts = [counted("email")]
        var second = MaskReply()
        second.tail = Data([9])
        second.counts = [counted("secret")]
        second.emit("counted", ["rows": "3"])
        let total = try MaskedReply(payload: [1]).continued(by: first, of: "masker", payload: [2])
            .continued(by: second, of: "budget", payload: [3])
        #expect(total.payload == [3])
        // The tail is the masker's alone.
        #expect(total.tail == [7])
        #expect(total.counts.map(\.entity) == ["email", "secret"])
        #expect(total.events.map { "\($0.stage) \($0.event.name)" } == ["budget counted"])
    }

    @Test func aRefusalWithholdsAndIsRecorded() throws {
        var counting = MaskReply()
        counting.emit("counted")
        var refusing = MaskReply()
        refusing.refuse(rule: "row budget", reason: "spent", hint: "wait")
        refusing.emit("row-budget-exceeded")
        let before = try MaskedReply(payload: [1]).continued(by: counting, of: "a", payload: [2])
        do throws(MaskFailure) {
            _ = try before.continued(by: refusing, of: "b", payload: [3])
            Issue.record("not withheld")
        } catch {
            #expect(error.refusal?.rule == "row budget")
            #expect(error.events.map(\.stage) == ["a", "b", "b"])
            #expect(error.events.map(\.event.name) == ["counted", "row-budget-exceeded", "reply-withheld"])
            #expect(error.events.last?.event.fields == ["rule": "row budget"])
        }
    }

    @Test func tooMuchIsWithheldAndNotRecorded() throws {
        var excessive = MaskReply()
        for _ in 0...RemarkBounds.events { excessive.emit("again") }
        do throws(MaskFailure) {
            _ = try MaskedReply(payload: [1]).continued(by: excessive, of: "noisy", payload: [3])
            Issue.record("not withheld")
        } catch {
            #expect(error.refusal == nil)
            #expect(error.events.isEmpty)
            #expect(error.reason.contains("noisy"))
        }
    }
}
