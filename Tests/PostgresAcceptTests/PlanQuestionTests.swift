import Contract
import NIOCore
import PostgresWire
import Testing

@testable import PostgresAccept

/// Questions to the planner, and its answers.
struct PlanQuestionTests {
    @Test(arguments: [
        (#"[{"Plan": {"Node Type": "Seq Scan", "Plan Rows": 20}}]"#, 20),
        (
            #"[{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 0, "Plans": [{"Parent Relationship": "Outer", "Plan Rows": 70}]}}]"#,
            70
        ),
        (
            // Partitions before PostgreSQL 14.
            #"[{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 0, "Plans": [{"Parent Relationship": "Member", "Plan Rows": 3}, {"Parent Relationship": "Member", "Plan Rows": 4}, {"Parent Relationship": "InitPlan", "Plan Rows": 900}]}}]"#,
            7
        ),
        (
            // A write in WITH.
            #"[{"Plan": {"Node Type": "Aggregate", "Plan Rows": 1, "Plans": [{"Node Type": "ModifyTable", "Plan Rows": 0, "Plans": [{"Parent Relationship": "Outer", "Plan Rows": 50}]}]}}]"#,
            50
        ),
        (#"[{"Plan": {"Plan Rows": 5}}, {"Plan": {"Plan Rows": 6}}]"#, 6),
        (#"[{"Plan": {"Plan Rows": 1e30}}]"#, UInt64.max),
        (
            #"[{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 0, "Plans": [{"Parent Relationship": "Outer"}]}}]"#,
            UInt64.max
        ),
        ("[]", 0),
    ])
    func rowsOfAPlan(answer: String, rows: UInt64) {
        #expect(PlanRows.rows(in: Array(answer.utf8)) == rows)
    }

    @Test(arguments: ["", "{}", "[1]", #"[{"Plan": {}}]"#, #"[{"Plan": 7}]"#, "[{", #"["Utility Statement"]"#])
    func whatIsNoPlanHasNoRows(answer: String) {
        #expect(PlanRows.rows(in: Array(answer.utf8)) == nil)
    }

    @Test(arguments: [
        (["read"], 1, false, true), (["write"], 1, false, true), (["read", "write"], 1, false, true),
        (["read", "write"], 2, false, false), (["read", "call"], 1, false, false), ([], 1, false, false),
        (["read"], 1, true, false), (["execute"], 1, false, false), (["read", "create"], 1, false, false),
    ])
    func onlyWhatIsSafeToPlanIsAsked(operations: [String], statements: UInt32, opaque: Bool, fits: Bool) {
        var facts = Facts()
        facts.operations = operations
        facts.statements = statements
        facts.opaque = opaque
        #expect(PlanQuestion.fits(facts) == fits)
    }

    @Test func theMessagesCarryTextTypesAndValuesAsTheyAre() throws {
        var question = PlanQuestion(text: Array("SELECT $1::text".utf8))
        question.types = ByteBuffer(bytes: [0, 1, 0, 0, 0, 25])
        question.parameters = [(0, ByteBuffer(string: "x")), (1, nil)]
        let frames = try Self.frames(question)
        try #require(
            frames.map(\.type) == [FrontendType.parse, FrontendType.bind, FrontendType.execute, FrontendType.sync])
        let parse = try ParseMessage(frames[0])
        #expect(parse.name.isEmpty && String(buffer: parse.text) == "EXPLAIN (FORMAT JSON) SELECT $1::text")
        #expect(array(parse.types) == [0, 1, 0, 0, 0, 25])
        let bind = try BindMessage(frames[1])
        #expect(bind.portal.isEmpty && bind.statement.isEmpty)
        #expect(bind.parameters.map(\.format) == [0, 1])
        #expect(bind.parameters.map { $0.value.map { String(buffer: $0) } } == ["x", nil])
        let execute = try ExecuteMessage(frames[2])
        #expect(execute.portal.isEmpty && execute.rowLimit == 0)
    }

    @Test func withoutParametersThereAreNoTypes() throws {
        let frames = try Self.frames(PlanQuestion(text: Array("SELECT 1".utf8)))
        #expect(array(try ParseMessage(frames[0]).types) == [0, 0])
        #expect(try BindMessage(frames[1]).parameters.isEmpty)
    }

    private static func frames(_ question: PlanQuestion) throws -> [Frame] {
        var decoder = FrameDecoder(maximum: WireLimit.backendMessage)
        decoder.append(question.messages)
        var frames: [Frame] = []
        while let frame = try decoder.next() { frames.append(frame) }
        #expect(decoder.pendingBytes == 0)
        return frames
    }
}
