/// How many steps a pattern has when its repeats are written out. What the matcher needs to compile a pattern grows with
/// that, and of nested repeats without any relation to the pattern's length.
struct PatternSize {
    static let maximumSteps = 2000

    private let bytes: [UInt8]
    private var at = 0

    /// More than ``maximumSteps`` counts as one more than that. A pattern that is none has some number of steps too.
    static func steps(of pattern: String) -> Int {
        var size = PatternSize(bytes: Array(pattern.utf8))
        var steps = 0
        while size.at < size.bytes.count {
            steps = min(steps + size.group(), maximumSteps + 1)
            // A parenthesis too many.
            size.at += 1
        }
        return steps
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Up to the parenthesis that ends it, or the end. Depth is bounded by the pattern's length.
    private mutating func group() -> Int {
        var total = 0
        while at < bytes.count, bytes[at] != UInt8(ascii: ")") {
            let atom = atom()
            total = min(total + bounded(atom, times: repeats()), PatternSize.maximumSteps + 1)
        }
        return total
    }

    private func bounded(_ steps: Int, times: Int) -> Int {
        let (product, overflow) = steps.multipliedReportingOverflow(by: times)
        return overflow ? PatternSize.maximumSteps + 1 : min(product, PatternSize.maximumSteps + 1)
    }

    private mutating func atom() -> Int {
        defer { at += 1 }
        switch bytes[at] {
        case UInt8(ascii: "("):
            at += 1
            return group()
        case UInt8(ascii: "["):
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "^") { at += 1 }
            // A bracket that comes first is one of the class.
            if at < bytes.count, bytes[at] == UInt8(ascii: "]") { at += 1 }
            while at < bytes.count, bytes[at] != UInt8(ascii: "]") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
            return 1
        case UInt8(ascii: "\\"):
            at += 1
            return 1
        case _: return 1
        }
    }

    /// The most repeats that a quantifier here stands for, of one without an end the fewest; 1 where none is.
    private mutating func repeats() -> Int {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "{") else { return 1 }
        var numbers = [0]
        var end = at + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "}") {
            switch bytes[end] {
            case 0x30...0x39:
                let digit = Int(bytes[end] - 0x30)
                numbers[numbers.count - 1] = min(numbers[numbers.count - 1] * 10 + digit, PatternSize.maximumSteps + 1)
            case UInt8(ascii: ","): numbers.append(0)
            // A brace of its own.
            case _: return 1
            }
            end += 1
        }
        guard end < bytes.count else { return 1 }
        at = end + 1
        return max(numbers.max() ?? 1, 1)
    }
}
