import Testing

@testable import Detection

@Suite struct OverlapTests {
    private static func finding(_ entity: Entity, _ range: Range<Int>, _ confidence: Confidence = .medium) -> Finding {
        Finding(entity: entity, range: range, confidence: confidence)
    }

    private func resolved(_ findings: [Finding]) -> [Finding] {
        var list = findings
        list.resolveOverlaps(from: 0)
        return list
    }

    @Test func eachByteBelongsToTheLongestThenTheSurest() {
        let f = Self.finding
        let rows: [([Finding], [Finding])] = [
            (
                [f(.email, 0..<5, .medium), f(.phone, 5..<9, .medium)],
                [f(.email, 0..<5, .medium), f(.phone, 5..<9, .medium)]
            ),
            ([f(.email, 2..<5, .high), f(.phone, 0..<9, .low)], [f(.phone, 0..<9, .low)]),
            ([f(.email, 0..<9, .medium), f(.phone, 0..<9, .high)], [f(.phone, 0..<9, .high)]),
            ([f(.email, 0..<9, .high), f(.secret, 0..<9, .high)], [f(.secret, 0..<9, .high)]),
            // What the longer one leaves is not lost.
            ([f(.email, 0..<5, .high), f(.phone, 3..<12, .low)], [f(.email, 0..<3, .high), f(.phone, 3..<12, .low)]),
            (
                [f(.email, 0..<5, .medium), f(.phone, 4..<10, .medium), f(.iban, 9..<30, .high)],
                [f(.email, 0..<4, .medium), f(.phone, 4..<9, .medium), f(.iban, 9..<30, .high)]
            ),
            ([f(.email, 0..<5, .medium), f(.email, 0..<5, .medium)], [f(.email, 0..<5, .medium)]),
        ]
        for (given, expected) in rows {
            for order in [given, given.reversed()] {
                let found = resolved(order).map { Self.finding($0.entity, $0.range, $0.confidence) }
                #expect(found == expected)
            }
        }
    }

    @Test func setsOfEntities() {
        var some = EntitySet(.secret)
        #expect(some.removing(.secret).isEmpty)
        for entity in [Entity.email, .unsearched, .secret, Entity(index: 125)] { some.insert(entity) }
        #expect(some.entities == [.unsearched, .email, .secret, Entity(index: 125)])
        #expect(!some.holdsMore)
        for index in [126, 127, 20_000] {
            var more = EntitySet(Entity(index: index))
            #expect(more.holdsMore && more.entities.isEmpty)
            // It may stand for another as well.
            #expect(more.removing(Entity(index: index)).holdsMore)
            more.formUnion(some)
            #expect(more.holdsMore && more.entities == some.entities)
        }
    }

    @Test func eachKnowsWhatElseWasFoundInItsStretch() {
        let f = Self.finding
        let rows: [([Finding], [[Entity]])] = [
            ([f(.email, 0..<5, .high), f(.phone, 5..<9, .high)], [[], []]),
            ([f(.email, 0..<5, .high), f(.email, 3..<9, .high)], [[], []]),
            ([f(.email, 2..<5, .high), f(.phone, 0..<9, .low)], [[.email]]),
            ([f(.secret, 0..<9, .high), f(.iban, 0..<9, .high), f(.email, 0..<9, .low)], [[.email, .iban]]),
            (
                [
                    f(.email, 0..<5, .medium), f(.phone, 4..<10, .medium), f(.iban, 9..<30, .high),
                    f(.email, 30..<40, .high),
                ],
                [[.phone, .iban], [.email, .iban], [.email, .phone], []]
            ),
        ]
        for (given, expected) in rows {
            #expect(resolved(given).map(\.others.entities) == expected)
            #expect(resolved(given.reversed()).map(\.others.entities) == expected)
        }
    }

    @Test func noByteThatWasFoundIsLeftOut() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            var list: [Finding] = []
            var covered = Set<Int>()
            for _ in 0..<Int.random(in: 2...12, using: &random) {
                let start = Int.random(in: 0..<40, using: &random)
                let range = start..<start + Int.random(in: 1...12, using: &random)
                list.append(
                    Finding(
                        entity: Entity.all.randomElement(using: &random)!, range: range,
                        confidence: Confidence.allCases.randomElement(using: &random)!))
                covered.formUnion(range)
            }
            let result = resolved(list)
            #expect(Set(result.flatMap { Array($0.range) }) == covered)
            for (left, right) in zip(result, result.dropFirst()) {
                #expect(left.range.upperBound <= right.range.lowerBound)
            }
            #expect(result == resolved(list.shuffled(using: &random)))
            for finding in list {
                for part in result where part.range.overlaps(finding.range) {
                    #expect(part.entity == finding.entity || part.others.entities.contains(finding.entity))
                }
            }
        }
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
