import Bus
import Contract
import Gateway
import NIOCore
@testable import PostgresAccept
import PostgresWire
import Testing

/// What a client was told of a result's columns, and what its rows have.
@Suite("Dropped columns")
struct DroppedColumnsTests {
    private static let plan: MaskPlan = {
        var mask = ColumnMask()
        (mask.pattern, mask.style) = ("*.ssn", .drop)
        var plan = MaskPlan()
        plan.columns = [mask]
        return plan
    }()

    private static func columns(_ names: String...) -> [ResultColumn] {
        names.map { name in
            var column = ResultColumn()
            column.name = name
            return column
        }
    }

    @Test(
        arguments: [
            (nil, [1], false), ([], [], false), ([1], [1], false), ([], [1], true), ([1], [], true), ([0], [1], true),
            ([], nil, false), ([1], nil, true),
        ] as [([Int]?, [Int]?, Bool)])
    func rowsOfOtherColumnsContradict(_ told: [Int]?, _ dropped: [Int]?, _ contradicts: Bool) {
        let portal = PortalColumns(of: StatementColumns())
        portal.statement.told = told
        portal.columns = dropped.map { dropped in
            var columns = Self.columns("a", "b")
            for place in dropped { columns[place].dropped = true }
            return columns
        }
        #expect(portal.contradictDescription == contradicts)
    }

    /// What a portal drops is settled when it is bound: a later plan drops no more, and no less.
    @Test func aPortalsColumnsStay() {
        let portal = PortalColumns(of: StatementColumns())
        portal.take(Self.columns("id", "ssn"), droppedBy: nil)
        #expect(portal.columns?.droppedPlaces == [])
        portal.take(Self.columns("id", "ssn"), droppedBy: Self.plan)
        #expect(portal.columns?.droppedPlaces == [1])
        portal.take(Self.columns("ssn", "id"), droppedBy: nil)
        #expect(portal.columns?.droppedPlaces == [1])
        // The catalogue cannot be read: rows without what is dropped can still be made.
        portal.take(nil, droppedBy: nil)
        #expect(portal.columns?.droppedPlaces == [1])
        portal.take(nil, droppedBy: Self.plan)
        #expect(portal.columns == nil)
    }

    /// The masker, or a stage behind it, gives back a row that is not as the client was told.
    @Test(arguments: ["\0\u{2}", "\0\0", "", "\0\u{1}"])
    func rowsThatAreNotAsToldAreWithheld(_ row: String) throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            let columns = Self.plan.markingDropped(Self.columns("id", "ssn"))
            rig.stream.append(
                frame("D", "\0\u{2}"), maskedBy: Self.plan, columns: columns, copy: nil, command: command)
            rig.stream.append(BackendEncoder.readyForQuery(.idle), command: command)
            rig.stream.end(command)
            rig.stream.flush()
        }
        let batch = try rig.batch()
        #expect(try batch.body(as: MaskBatch.self).columns.map(\.dropped) == [false, true])
        try rig.answer(batch, array(frame("D", row).bytes))
        #expect(try rig.types() == (row == "\0\u{1}" ? "DZ" : "EZ"))
    }

    @Test func aRowThatContradictsItsDescriptionIsWithheld() throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            rig.stream.appendWithheld(frame("D", "secret"), StatementColumns.contradiction, command: command)
            rig.stream.append(frame("D", "secret"), maskedBy: Self.plan, columns: [], copy: nil, command: command)
            rig.stream.append(BackendEncoder.readyForQuery(.idle), command: command)
            rig.stream.end(command)
            rig.stream.flush()
        }
        #expect(try rig.types() == "EZ")
        #expect(try rig.text().contains("prepare it anew") && !rig.text().contains("secret"))
        #expect(try rig.run { $0.finished } == [1])
    }
}
