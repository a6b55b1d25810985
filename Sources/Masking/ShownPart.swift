import Contract
import Detection

/// What the style `partial` shows of a value.
public struct ShownPart: Hashable, Sendable {
    static let most = 2 * Int(StyleParameters.maximumShown)
    private static let stars = Array("***".utf8)

    private let first: Int
    private let last: Int
    private let domain: Bool
    /// Told nothing: the kind of the value decides.
    let isAutomatic: Bool

    /// As the kind of the value suggests.
    public static let automatic = ShownPart(StyleParameters())

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

    /// What is left of a value: characters at its ends, and stars for all else, however much that is. At most half of the
    /// characters are shown; of text that is no UTF-8 none, since nobody knows where a character ends.
    func append(_ value: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        var end = value.count
        var at = value.count
        if domain, DetectionEngine.entity(ofWhole: value) == .email, let sign = value.lastIndex(of: 0x40) {
            (end, at) = (sign, sign)
        }
        // char(n) pads with spaces.
        while end == value.count, end > 0, value[end - 1] == 0x20 { end -= 1 }
        let part = value.part(0..<end)
        let starts =
            String(validating: part, as: UTF8.self) == nil ? [] : part.indices.filter { part[$0] & 0xc0 != 0x80 }
        let tail = min(last, starts.count / 2)
        let head = min(first, starts.count / 2 - tail)
        if head > 0 { out.append(contentsOf: part.part(0..<starts[head])) }
        out.append(contentsOf: ShownPart.stars)
        if tail > 0 { out.append(contentsOf: part.part(starts[starts.count - tail]..<end)) }
        out.append(contentsOf: value.part(at..<value.count))
    }
}
