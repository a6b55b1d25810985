import Contract
import Foundation
import NIOCore
@testable import PostgresAccept
import Testing

@Suite("Commands")
struct CommandTests {
    private func bytes(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 0x61, count: count) }

    @Test func theResultSaysHowItEnded() throws {
        let command = Command(number: 1, ruling: try ruling())
        #expect(command.result().status == "lost")
        command.status = .done
        command.tag = "SELECT 5"
        command.rows = 5
        for (entity, count) in [("ssn", UInt64(1)), ("email", 2), ("email", 3)] {
            var one = EntityCount()
            one.entity = entity
            one.count = count
            command.count([one])
        }
        let result = command.result()
        #expect(result.status == "done")
        #expect(result.tag == "SELECT 5")
        #expect(result.rows == 5)
        #expect(result.masked.map(\.entity) == ["email", "ssn"])
        #expect(result.masked.map(\.count) == [5, 1])
    }

    @Test func countsThatNoReplyCanHaveDoNoHarm() throws {
        let command = Command(number: 1, ruling: try ruling())
        var one = EntityCount()
        one.entity = "email"
        one.count = .max
        command.count([one, one])
        #expect(command.result().masked.map(\.count) == [.max])
    }

    @Test func aFurtherRunIsMaskedByBothRulings() throws {
        let first = Command(number: 1, ruling: try ruling { $0.mask.computedOutputs = [1] })
        let again = Command(number: 2, ruling: try ruling { $0.mask.allComputed = true }, continuing: first)
        #expect(again.mask.computedOutputs == [1])
        #expect(again.mask.allComputed)
    }

    /// Described columns: as many as the facts say, or others.
    @Test(arguments: [
        // resolved, a mask by place, described, all computed, all
        (false, false, 2, false, false), (false, false, 3, true, false), (true, false, 3, true, true),
        (false, true, 3, true, true), (true, true, 2, false, false),
    ])
    func otherColumnsThanToldAreMasked(
        resolved: Bool, placed: Bool, described: Int, allComputed: Bool, allOutputs: Bool
    ) throws {
        let command = Command(
            number: 1,
            ruling: try ruling { decision in
                var column = ColumnMask()
                column.pattern = "*.email"
                decision.mask.columns = [column]
                if placed { decision.mask.outputs = [OutputMask()] }
                decision.facts.outputs = [OutputColumn(), OutputColumn()]
                decision.facts.outputsKnown = true
                decision.facts.resolved = resolved
            })
        command.checkOutputs(described: described)
        #expect(command.mask.allComputed == allComputed)
        #expect(command.mask.allOutputs == allOutputs)
    }
}
