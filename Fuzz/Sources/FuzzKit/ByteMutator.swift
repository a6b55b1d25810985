/// Makes new inputs from seeds, and from pieces that mean something: parts swapped, doubled, cut out and spliced, bytes damaged.
public struct ByteMutator: InputSource {
    private static let maximumBytes = 200_000

    private let seeds: [[UInt8]]
    private let pieces: [[UInt8]]
    private var random: SeededRandom

    public init(seeds: [[UInt8]], pieces: [[UInt8]], seed: UInt64) {
        self.seeds = seeds
        self.pieces = pieces
        random = SeededRandom(seed)
    }

    public mutating func next() -> [UInt8] {
        var input = random.pick(seeds)
        for _ in 0...random.number(below: 4) { input = mutated(input) }
        return Array(input.prefix(ByteMutator.maximumBytes))
    }

    private mutating func mutated(_ input: [UInt8]) -> [UInt8] {
        var result = input
        let place = random.number(below: input.count + 1)
        let part = place..<min(input.count, place + random.number(below: 40))
        switch random.number(below: 10) {
        case 0, 1: result.insert(contentsOf: random.pick(pieces), at: place)
        case 2: result.replaceSubrange(part, with: random.pick(pieces))
        case 3: result.removeSubrange(part)
        case 4: result.insert(contentsOf: input[part], at: random.number(below: input.count + 1))
        case 5:
            let other = random.pick(seeds)
            result = Array(input.prefix(place)) + other.dropFirst(random.number(below: other.count))
        case 6: result += random.pick(seeds)
        case 7 where !input.isEmpty: result[random.number(below: input.count)] = UInt8(random.number(below: 256))
        case 8:
            let repeated = Array(
                repeating: random.pick(pieces + [Array(input[part])]),
                count: 1 + random.number(below: random.number(below: 10) == 0 ? 300 : 10))
            result.insert(contentsOf: repeated.joined(), at: place)
        default: result = Array(input.prefix(place))
        }
        return result
    }
}
