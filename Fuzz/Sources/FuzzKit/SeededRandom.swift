/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the same seed, the same numbers.
public struct SeededRandom {
    private var state: UInt64

    public init(_ seed: UInt64) { state = seed }

    public mutating func number(below bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ (mixed >> 31)) % UInt64(max(bound, 1)))
    }

    public mutating func pick<Element>(_ list: [Element]) -> Element { list[number(below: list.count)] }

    /// Places in `count` bytes, ascending.
    public mutating func cuts(of count: Int) -> [Int] {
        (0..<number(below: 6)).map { _ in number(below: count) }.sorted()
    }
}
