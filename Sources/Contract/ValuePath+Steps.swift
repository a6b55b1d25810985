/// A place is how many segments of the path were met on the way to a value; one value may be at several.
extension ValuePath {
    /// Where a value stands that is named.
    public var end: Int { segments.count }

    /// The names in it, as ``folded(_:)`` leaves them.
    public var names: [[UInt8]] {
        segments.compactMap { segment in
            switch segment.selector {
            case .any: nil
            case .name(let name): name
            }
        }
    }

    /// The places of the document as a whole.
    public var start: [Int] {
        var places: [Int] = []
        add(0) { places.append($0) }
        return places
    }

    /// The places of a member of an object at `place`.
    /// - Parameter name: as ``folded(_:)`` leaves it; nil when it is not known, and may be any.
    public func forEachPlace(ofMember name: [UInt8]?, from place: Int, _ body: (Int) -> Void) {
        guard place < end else { return }
        let segment = segments[place]
        if segment.descends { add(place, body) }
        switch segment.selector {
        case .any: add(place + 1, body)
        case .name(let own): if name == nil || name == own { add(place + 1, body) }
        }
    }

    /// The places of an element of an array at `place`: the array's own, and where `*` stands for the element.
    public func forEachPlace(ofElementFrom place: Int, _ body: (Int) -> Void) {
        add(place, body)
        guard place < end, case .any = segments[place].selector else { return }
        add(place + 1, body)
    }

    private func add(_ place: Int, _ body: (Int) -> Void) {
        body(place)
        if place < end, segments[place].isOptional { add(place + 1, body) }
    }

    /// Whether all that `other` names is named by this path too, or lies within what it names. Where that cannot be told: no.
    public func covers(_ other: ValuePath) -> Bool {
        if self == other { return true }
        var places = Set(start)
        for segment in other.segments {
            if places.contains(end) { return true }
            // What goes on at any depth is all that is there at every depth.
            if segment.descends { places = places.filter { $0 < end && segments[$0].descends } }
            let name: [UInt8]
            switch segment.selector {
            case .name(let own): name = own
            case .any: name = ValuePath.noName
            }
            var next: Set<Int> = []
            for place in places { forEachPlace(ofMember: name, from: place) { next.insert($0) } }
            places = segment.isOptional ? next.intersection(places) : next
        }
        return places.contains(end)
    }

    /// No name is this: it is no UTF-8.
    private static let noName: [UInt8] = [0xff]
}
