@testable import PostgresAccept
import Testing

/// Names of prepared statements and portals, as the target confirms or refuses them.
@Suite("Names")
struct NameTableTests {
    private func found(_ table: NameTable<String>, _ name: String, batch: UInt64) -> String {
        switch table.lookup(name, batch: batch) {
        case .found(let value): value
        case .missing: "missing"
        case .unsettled: "unsettled"
        }
    }

    @Test func aDefinitionCountsInItsOwnBatchAtOnce() {
        var table = NameTable<String>()
        #expect(found(table, "s", batch: 1) == "missing")
        let definition = table.define("s", "one", batch: 1)
        #expect(found(table, "s", batch: 1) == "one")
        #expect(!table.isUnsettled("s", batch: 1))
        #expect(found(table, "s", batch: 2) == "unsettled")
        #expect(table.isUnsettled("s", batch: 2))
        table.confirm(definition)
        #expect(found(table, "s", batch: 2) == "one")
        #expect(!table.isUnsettled("s", batch: 2))
    }

    @Test func whatTheTargetRefusedIsUndone() {
        var table = NameTable<String>()
        let first = table.define("s", "one", batch: 1)
        table.undo(first)
        #expect(found(table, "s", batch: 1) == "missing")
        table.confirm(table.define("s", "one", batch: 2))
        let second = table.define("s", "two", batch: 3)
        #expect(found(table, "s", batch: 3) == "two")
        #expect(found(table, "s", batch: 4) == "unsettled")
        table.undo(second)
        #expect(found(table, "s", batch: 4) == "one")
    }

    @Test func severalOfOneBatchAreUndoneLastOneFirst() {
        var table = NameTable<String>()
        table.confirm(table.define("", "zero", batch: 1))
        let definitions = (1...3).map { table.define("", "\($0)", batch: 2) }
        #expect(found(table, "", batch: 2) == "3")
        for definition in definitions.reversed() { table.undo(definition) }
        #expect(found(table, "", batch: 9) == "zero")
    }

    /// Confirming one definition says nothing of a later one of the same name.
    @Test func onlyTheDefinitionItselfIsConfirmed() {
        var table = NameTable<String>()
        let first = table.define("", "one", batch: 1)
        let second = table.define("", "two", batch: 1)
        table.confirm(first)
        #expect(found(table, "", batch: 2) == "unsettled")
        table.confirm(second)
        #expect(found(table, "", batch: 2) == "two")
    }

    /// Pipelined: the first is confirmed after the second was taken, and the second fails. What comes back must not
    /// wait for a confirmation that has come already.
    @Test func aDefinitionConfirmedUnderALaterOneComesBackConfirmed() {
        var table = NameTable<String>()
        let first = table.define("", "one", batch: 1)
        let second = table.define("", "two", batch: 1)
        let third = table.define("", "three", batch: 1)
        table.confirm(first)
        table.undo(third)
        table.undo(second)
        #expect(found(table, "", batch: 2) == "one")
        #expect(!table.isUnsettled("", batch: 2))
        // And it ends with its transaction like any other.
        table.removeSettled()
        #expect(found(table, "", batch: 2) == "missing")
    }

    @Test func aRemovalIsUndoneToo() {
        var table = NameTable<String>()
        let definition = table.define("s", "one", batch: 1)
        table.confirm(definition)
        let removal = table.remove("s")
        #expect(found(table, "s", batch: 2) == "missing")
        table.confirm(removal)
        #expect(found(table, "s", batch: 2) == "missing")
        table.undo(removal)
        #expect(found(table, "s", batch: 2) == "one")
        // Of a name that stands for nothing: nothing.
        let nothing = table.remove("none")
        table.undo(nothing)
        #expect(found(table, "none", batch: 2) == "missing")
    }

    @Test func aDefinitionConfirmedAfterItsRemovalStaysRemoved() {
        var table = NameTable<String>()
        let definition = table.define("s", "one", batch: 1)
        let removal = table.remove("s")
        table.confirm(definition)
        #expect(found(table, "s", batch: 1) == "missing")
        table.undo(removal)
        #expect(found(table, "s", batch: 2) == "one")
    }

    @Test func portalsEndWithTheirTransactionUnlessTheyBelongToTheNext() {
        var table = NameTable<String>()
        table.confirm(table.define("old", "one", batch: 1))
        _ = table.define("new", "two", batch: 2)
        table.removeSettled()
        #expect(found(table, "old", batch: 2) == "missing")
        #expect(found(table, "new", batch: 2) == "two")
        table.removeAll()
        #expect(found(table, "new", batch: 2) == "missing")
    }

    @Test func valuesAreChangedInPlace() {
        var table = NameTable<String>()
        table.confirm(table.define("s", "one", batch: 1))
        table.update("s") { $0 += "+" }
        table.update("none") { $0 = "never" }
        #expect(found(table, "s", batch: 2) == "one+")
        #expect(found(table, "none", batch: 2) == "missing")
        #expect(Array(table.values) == ["one+"])
    }

    @Test func namesAreBounded() {
        var table = NameTable<String>()
        for index in 0..<NameTable<String>.maximumNames {
            #expect(!table.isFull)
            _ = table.define("\(index)", "", batch: 1)
        }
        #expect(table.isFull)
    }

    /// Whatever order of definitions and outcomes: a name stands for what the target, which acts in order up to the
    /// first failure, has for it, and once all replies are in nothing is unsettled.
    @Test func agreesWithTheTargetAfterEveryBatch() {
        for length in 1...6 {
            for failing in 0...length {
                for confirmedEarly in 0...failing {
                    var table = NameTable<String>()
                    table.confirm(table.define("", "before", batch: 1))
                    var definitions: [NameTable<String>.Definition] = []
                    var target = "before"
                    var confirmed = 0
                    for index in 0..<length {
                        definitions.append(table.define("", "\(index)", batch: 2))
                        // Some confirmations come while later messages are still taken.
                        if confirmed < min(confirmedEarly, index) {
                            table.confirm(definitions[confirmed])
                            confirmed += 1
                        }
                    }
                    while confirmed < failing {
                        table.confirm(definitions[confirmed])
                        confirmed += 1
                    }
                    for definition in definitions[failing...].reversed() { table.undo(definition) }
                    if failing > 0 { target = "\(failing - 1)" }
                    #expect(found(table, "", batch: 3) == target, "\(length) \(failing) \(confirmedEarly)")
                }
            }
        }
    }
}
