import Contract
import Testing

@testable import PostgresAccept

/// SQL EXECUTE names a statement, not its text: all that was ever prepared counts.
struct ExecutablesTests {
    private let before: [UInt8] = [1]
    private let now: [UInt8] = [2]

    @Test func nothingPreparedMayRun() {
        #expect(Executables().mayRun(epoch: now))
    }

    @Test func anotherEpochOrWhatIsForOnceMayNot() {
        var executables = Executables()
        executables.add(epoch: now, isForOnce: false)
        #expect(executables.mayRun(epoch: now))
        #expect(!executables.mayRun(epoch: before))
        executables.add(epoch: before, isForOnce: false)
        #expect(!executables.mayRun(epoch: now))
        executables.removeAll()
        executables.add(epoch: now, isForOnce: true)
        #expect(!executables.mayRun(epoch: now))
    }

    @Test func theTightestLimitHoldsUntilAllIsForgotten() throws {
        func limit(_ rows: UInt64) throws -> RowLimit {
            var limits = Limits()
            limits.maxRows = rows
            return try #require(RowLimit(limits))
        }
        var executables = Executables()
        #expect(executables.limit == nil)
        executables.add(epoch: now, isForOnce: false, limit: try limit(10))
        executables.add(epoch: now, isForOnce: false, limit: try limit(5))
        executables.add(epoch: now, isForOnce: false)
        #expect(executables.limit?.rows == 5)
        executables.removeAll()
        #expect(executables.limit == nil)
    }
}
