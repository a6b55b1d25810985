import FuzzKit

/// Makes new inputs from seeds: words swapped, doubled, cut out and spliced, bytes damaged, parts nested.
struct Mutator: InputSource {
    private let seeds: [[UInt8]]
    private let words: [[UInt8]]
    private var random: SeededRandom

    init(seeds: [[UInt8]], seed: UInt64) {
        self.seeds = seeds
        random = SeededRandom(seed)
        words = Array(Set(seeds.flatMap { Self.words(of: $0) })).sorted { $0.lexicographicallyPrecedes($1) }
    }

    mutating func next() -> [UInt8] {
        var input = seeds[random.number(below: seeds.count)]
        for _ in 0...random.number(below: 2) { input = mutated(input) }
        return Array(input.prefix(200_000))
    }

    private mutating func mutated(_ input: [UInt8]) -> [UInt8] {
        var parts = Self.words(of: input)
        let place = random.number(below: parts.count)
        switch random.number(below: 10) {
        case 0:
            parts.insert(words[random.number(below: words.count)], at: place)
        case 1 where !parts.isEmpty:
            parts[place] = words[random.number(below: words.count)]
        case 2 where !parts.isEmpty:
            parts.remove(at: place)
        case 3:
            let other = Self.words(of: seeds[random.number(below: seeds.count)])
            parts = Array(parts.prefix(place)) + Array(other.dropFirst(random.number(below: other.count)))
        case 4:
            return input + Array("; ".utf8) + seeds[random.number(below: seeds.count)]
        case 5:
            let wraps = [
                ("WITH w AS (", ") SELECT * FROM w"), ("EXPLAIN ANALYZE ", ""), ("PREPARE p AS ", ""),
                ("SELECT (", ")"), ("COPY (", ") TO STDOUT"), ("DELETE FROM t WHERE EXISTS (", ")"),
                ("CREATE RULE r AS ON INSERT TO t DO ALSO (", ")"), ("DECLARE c CURSOR FOR ", ""),
                ("CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC ", "; END"),
                ("MERGE INTO t USING (", ") s ON t.id = s.id WHEN MATCHED THEN DELETE"),
            ]
            let (before, after) = wraps[random.number(below: wraps.count)]
            return Array(before.utf8) + input + Array(after.utf8)
        case 6 where !parts.isEmpty:
            let repeated = Array(repeating: parts[place], count: 1 + random.number(below: 300))
            parts.replaceSubrange(place...place, with: repeated)
        case 7 where !input.isEmpty:
            var damaged = input
            damaged[random.number(below: damaged.count)] = UInt8(random.number(below: 256))
            return damaged
        case 8:
            return Array(input.prefix(random.number(below: input.count)))
        default:
            let other = random.number(below: parts.count)
            if !parts.isEmpty { parts.swapAt(place, other) }
        }
        return Array(parts.joined(separator: [0x20]))
    }

    private static func words(of input: [UInt8]) -> [[UInt8]] { input.split(separator: 0x20).map(Array.init) }
}
