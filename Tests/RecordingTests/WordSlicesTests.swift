import Contract
import Foundation
import Testing

@testable import Recording

/// An index that is looked through in slices side by side gives what it gives in one piece.
@Suite struct WordSlicesTests {
    /// So many that an edge is among them.
    private static let commandsOfEach = 2100
    private static let all = Int64(1)...Int64(2 * commandsOfEach + 1)

    /// Two recorders that were read one after the other, the second of which was earlier; every command at a time of its own.
    private static func index(_ scratch: Scratch) throws -> SearchIndex {
        let index = try SearchIndex(
            writing: scratch.path + "/" + SearchIndex.fileName, of: scratch.path, .commands)
        for (place, name) in ["recorder-1", "recorder-0"].enumerated() {
            let writer = try scratch.writer(named: name)
            var records = [started("s\(place)")]
            for number in 2...UInt64(commandsOfEach + 1) {
                var record = command("s\(place)", number, text(number))
                record.timeUs = 1_700_000_000_000_000 + UInt64(1 - place) * 1_000_000 + number * 10
                record.command.memoised.verdict = number % 50 == 0 ? .refuse : .allow
                record.command.memoised.tables = number % 7 == 0 ? ["public.rare"] : ["public.common"]
                records.append(record)
            }
            _ = try writer.append(records: records, durability: .written)
            try index.update(replies: nil)
        }
        return index
    }

    private static func text(_ number: UInt64) -> String {
        switch number {
        case 3, 211: "DROP TABLE seldom_\(number)"
        case let number where number % 5 == 0: "UPDATE t SET name = 'cat\(number % 3)' WHERE id = \(number)"
        case let number where number % 3 == 0: "SELECT cap, car FROM cars WHERE id = \(number)"
        default: "SELECT name FROM t WHERE id = \(number)"
        }
    }

    private static func filters() throws -> [SearchFilter] {
        let words = [
            "select", "select update", "\"select from\"", "\"select name from\"", "\"from t\"", "\"set name\"",
            "\"id 12\"*",
            "\"cap ca\"*", "\"drop table\"", "\"drop table\" seldom_3", "\"where id\" update", "\"table drop\"",
            "\"name cat0\" \"where id\"", "nothing", "seldom_211",
        ]
        var filters = try words.map { SearchFilter(query: try SearchQuery($0)) }
        filters.append(SearchFilter(decision: .refuse))
        filters.append(SearchFilter(table: TableName("rare")))
        let phrase = try SearchQuery("\"where id\"")
        filters.append(SearchFilter(query: phrase, table: TableName("rare")))
        filters.append(SearchFilter(query: phrase, rule: "", decision: .refuse))
        filters.append(SearchFilter(query: phrase, since: 1_700_000_000_001_000))
        filters.append(SearchFilter(query: phrase, until: 1_700_000_001_002_000))
        filters.append(
            SearchFilter(query: phrase, since: 1_700_000_000_002_000, until: 1_700_000_001_001_000))
        return filters
    }

    @Test(arguments: [1, 17, 300])
    func sameInSlicesAndInOnePiece(_ limit: Int) throws {
        let scratch = try Scratch()
        let index = try Self.index(scratch)
        for var filter in try Self.filters() {
            filter.limit = limit
            func found(_ slices: WordSlices) throws -> [String] {
                try index.find(filter, replies: nil, slices: slices).map { hit in
                    "\(hit.session) \(hit.command) \(hit.text.map { String(decoding: $0[hit.match], as: UTF8.self) } ?? "-")"
                }
            }
            let whole = try found(WordSlices(path: index.path, count: 1))
            #expect(whole.count == Set(whole).count && whole.count <= limit)
            for (count, smallest) in [(2, 1), (3, 50), (8, 1)] {
                let slices = WordSlices(path: index.path, count: count, smallest: Int64(smallest))
                #expect(try found(slices) == whole, "\(filter) in \(slices)")
            }
        }
    }

    private static let everywhere = "(\"where\" OR \"drop\" OR \"\(SearchTokens.edge)\")"

    /// All commands of a range, in whatever slices, and no edge.
    @Test func slicesCoverTheirRangeOnce() throws {
        let scratch = try Scratch()
        let index = try Self.index(scratch)
        let generation = try index.generation()
        for (count, range) in [(1, Self.all), (3, Self.all), (7, 5...4100), (300, 4000...4200), (8, 4095...4096)] {
            let slices = WordSlices(path: index.path, count: count, smallest: 1)
            let found = try slices.find(Self.everywhere, range, generation, atMost: .max)
            #expect(found.flatMap(\.ids) == range.reversed().filter { $0 != SearchIndex.edgeSpacing })
            #expect(found.allSatisfy { $0.left == nil && $0.ids.allSatisfy($0.range.contains) })
            #expect(found.flatMap { $0.range.reversed() } == Array(range).reversed())
        }
    }

    /// What a slice leaves when it has enough is what lies before its last command.
    @Test func slicesStopWhenTheyHaveEnough() throws {
        let scratch = try Scratch()
        let index = try Self.index(scratch)
        let slices = WordSlices(path: index.path, count: 2, smallest: 1)
        let found = try slices.find(Self.everywhere, 1...4098, try index.generation(), atMost: 5)
        #expect(found.map(\.range) == [2050...4098, 1...2049])
        #expect(found.map(\.ids) == [[4098, 4097, 4095, 4094, 4093], [2049, 2048, 2047, 2046, 2045]])
        #expect(found.map(\.left) == [2050...4092, 1...2044])
    }

    /// An index that was emptied meanwhile numbers other commands: nothing of it is taken.
    @Test func anotherGenerationIsNotLookedAt() throws {
        let scratch = try Scratch()
        let index = try Self.index(scratch)
        let slices = WordSlices(path: index.path, count: 2, smallest: 1)
        let found = try slices.find(Self.everywhere, Self.all, "another", atMost: 5)
        #expect(found.allSatisfy { $0.ids.isEmpty && $0.left == $0.range })
    }
}
