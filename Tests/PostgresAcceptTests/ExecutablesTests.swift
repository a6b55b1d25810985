import Testing

@testable import PostgresAccept

/// SQL EXECUTE names a statement, not its text: all that was ever prepared counts.
struct ExecutablesTests {
    private let before: [UInt8] = [1]
    private let now: [UInt8] = [2]

    @Test func nothingPreparedMayRun() {
        #expect(Executables().mayRun(epoch: now))
    }

    @Test func anotherEpochOrAHoldMayNot() {
        var executables = Executables()
        executables.add(epoch: now, isHeld: false)
        #expect(executables.mayRun(epoch: now))
        #expect(!executables.mayRun(epoch: before))
        executables.add(epoch: before, isHeld: false)
        #expect(!executables.mayRun(epoch: now))
        executables.removeAll()
        executables.add(epoch: now, isHeld: true)
        #expect(!executables.mayRun(epoch: now))
    }
}
