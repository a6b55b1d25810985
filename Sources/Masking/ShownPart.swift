import Contract
import Detection

/// What the style `partial` shows of a value.
public struct ShownPart: Hashable, Sendable {
    static let most = 2 * Int(StyleParameters.maximumShown)
    static let stars = Array("***".utf8)

    private let first: Int
    private let last: Int
    private let domain: Bool
    /// Told nothing: the kind of the value decides.
    let isAutomatic: Bool

    /// As the kind of the value suggests.
    public static let automatic = ShownPart(StyleParameters())

    /// Only stars.
    static let nothing = ShownPart(first: 0, last: 0, domain: false)

    init(_ told: StyleParameters) {
        first = Int(told.first)
        last = Int(told.last)
        domain = told.keepDomain
        isAutomatic = first == 0 && last == 0 && !domain
    }

    private init(first: Int, last: Int, domain: Bool) {
        (self.first, self.last, self.domain, isAutomatic) = (first, last, domain, false)
    }

    /// What both show. What the kind of a value suggests and what was told have nothing in common for certain.
    func merged(with other: ShownPart) -> ShownPart {
        if isAutomatic && other.isAutomatic { return self }
        return ShownPart(
            first: min(first, other.first), last: min(last, other.last), domain: domain && other.domain)
    }

    /// For comparisons only: told nothing, it shows about as much as a domain and five characters.
    var keepsDomain: Bool { domain || isAutomatic }
    var characters: Int { isAutomatic ? 5 : first + last }

    /// What is left of a value: characters at its ends, and stars for all else, however much that is.
    func append(_ value: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        let shown = ranges(of: value)
        out.append(contentsOf: value.part(shown.head))
        out.append(contentsOf: ShownPart.stars)
        out.append(contentsOf: value.part(shown.tail))
        out.append(contentsOf: value.part(shown.domain))
    }

    /// Where a value shows through. At most half of the characters that are seen are shown; of text that is no UTF-8 none,
    /// since nobody knows where a character ends.
    func ranges(of value: UnsafeRawBufferPointer) -> (head: Range<Int>, tail: Range<Int>, domain: Range<Int>) {
        var end = value.count
        if domain, DetectionEngine.entity(ofWhole: value) == .email, let sign = value.lastIndex(of: 0x40) { end = sign }
        var head = 0..<0
        var tail = end..<end
        if let text = VisibleText(value.part(0..<end), kept: max(first, last)) {
            let shownLast = min(last, text.count / 2)
            let shownFirst = min(first, text.count / 2 - shownLast)
            if shownFirst > 0 { head = text.first[0].lowerBound..<text.first[shownFirst - 1].upperBound }
            if let from = text.last.suffix(shownLast).first, let to = text.last.last {
                tail = from.lowerBound..<to.upperBound
            }
        }
        return (head, tail, end..<value.count)
    }
}
