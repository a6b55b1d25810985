import Detection

/// Which bytes of what a terminal is sent belong to which finding, where views of the same bytes find different things.
struct TerminalClaims {
    struct Claim {
        var finding: Finding
        var style: Style
        /// What stands for it.
        var substitute: [UInt8]
        /// Its first and last place.
        var extent: Range<Int>
    }

    private(set) var claims: [Claim] = []
    /// For each place from `-before` on the number of its claim and 1, or 0. Empty as long as there is none.
    private var owners: [Int32] = []
    private let before: Int
    private let end: Int

    /// - Parameter before: bytes of context, which have negative places.
    init(before: Int, end: Int) {
        self.before = before
        self.end = end
    }

    subscript(place: Int) -> Int? {
        guard !owners.isEmpty, owners[place + before] > 0 else { return nil }
        return Int(owners[place + before]) - 1
    }

    /// Gives a finding its places, or to one that another view found there what of them no other has. Where claims of others
    /// are looser, what is to stand for it stands for them.
    mutating func claim(_ places: [Range<Int>], _ finding: Finding, _ style: Style, _ substitute: [UInt8]) {
        guard let first = places.first?.lowerBound else { return }
        if owners.isEmpty { owners = Array(repeating: 0, count: before + end) }
        var owner = claims.count
        for place in places.joined() {
            guard let other = self[place] else { continue }
            if owner == claims.count { owner = other }
            join(&claims[other], finding, style, substitute)
        }
        if owner == claims.count {
            claims.append(Claim(finding: finding, style: style, substitute: substitute, extent: first..<first + 1))
        }
        for place in places.joined() where owners[place + before] == 0 {
            owners[place + before] = Int32(owner + 1)
            let extent = claims[owner].extent
            claims[owner].extent = min(extent.lowerBound, place)..<max(extent.upperBound, place + 1)
        }
    }

    private func join(_ claim: inout Claim, _ finding: Finding, _ style: Style, _ substitute: [UInt8]) {
        guard claim.substitute != substitute else { return }
        if claim.style < style { (claim.finding, claim.style, claim.substitute) = (finding, style, substitute) }
        // Each view would show its own part of what they cover together.
        let shown = claim.style.ofPart
        guard shown != claim.style else { return }
        claim.style = shown
        claim.substitute = shown == .redact ? Substitutes.redacted : ShownPart.stars
    }

    /// Gives a byte that no claim has to the one around it.
    mutating func fill(_ place: Int) {
        guard self[place] == nil, let around = claims.firstIndex(where: { $0.extent.contains(place) }) else { return }
        owners[place + before] = Int32(around + 1)
    }
}
