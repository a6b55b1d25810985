/// Makes new inputs from seeds: words swapped, doubled, cut out and spliced, bytes damaged, parts nested.
struct Mutator {
    private let seeds: [[UInt8]]
    private let words: [[UInt8]]
    private var state: UInt64

    init(seeds: [[UInt8]], seed: UInt64) {
        self.seeds = seeds
        state = seed
        words = Array(Set(seeds.flatMap { Self.words(of: $0) })).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    private mutating func number(below bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ (mixed >> 31)) % UInt64(max(bound, 1)))
    }

    mutating func next() -> [UInt8] {
        var input = seeds[number(below: seeds.count)]
        for _ in 0...number(below: 4) { input = mutated(input) }
        return Array(input.prefix(200_000))
    }

    private mutating func mutated(_ input: [UInt8]) -> [UInt8] {
        var parts = Self.words(of: input)
        let place = number(below: parts.count)
        switch number(below: 10) {
        case 0:
            parts.insert(words[number(below: words.count)], at: place)
        case 1 where !parts.isEmpty:
            parts[place] = words[number(below: words.count)]
        case 2 where !parts.isEmpty:
            parts.remove(at: place)
        case 3:
            let other = Self.words(of: seeds[number(below: seeds.count)])
            parts = Array(parts.prefix(place)) + Array(other.dropFirst(number(below: other.count)))
        case 4:
            return input + Array("; ".utf8) + seeds[number(below: seeds.count)]
        case 5:
            let wraps = [
                ("WITH w AS (", ") SELECT * FROM w"), ("EXPLAIN ANALYZE ", ""), ("PREPARE p AS ", ""),
                ("SELECT (", ")"), ("COPY (", ") TO STDOUT"), ("DELETE FROM t WHERE EXISTS (", ")"),
                ("CREATE RULE r AS ON INSERT TO t DO ALSO (", ")"), ("DECLARE c CURSOR FOR ", ""),
                ("CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC ", "; END"),
                ("MERGE INTO t USING (", ") s ON t.id = s.id WHEN MATCHED THEN DELETE"),
            ]
            let (before, after) = wraps[number(below: wraps.count)]
            return Array(before.utf8) + input + Array(after.utf8)
        case 6 where !parts.isEmpty:
            let repeated = Array(repeating: parts[place], count: 1 + number(below: 300))
            parts.replaceSubrange(place...place, with: repeated)
        case 7 where !input.isEmpty:
            var damaged = input
            damaged[number(below: damaged.count)] = UInt8(number(below: 256))
            return damaged
        case 8:
            return Array(input.prefix(number(below: input.count)))
        default:
            let other = number(below: parts.count)
            if !parts.isEmpty { parts.swapAt(place, other) }
        }
        return Array(parts.joined(separator: [0x20]))
    }

    private static func words(of input: [UInt8]) -> [[UInt8]] { input.split(separator: 0x20).map(Array.init) }
}
