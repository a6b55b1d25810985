import Detection

/// Follows JSON text: which keys and which rule each value in it belongs to.
struct JSONWalk {
    struct Item {
        enum Kind {
            case key, string, scalar
            /// An object under a rule, or the part of it that is here.
            case hidden(begins: Bool)
            /// A member of an object that is left out with the comma that it has no more use for, or the part of it that is here.
            case dropped(begins: Bool)
        }
        let kind: Kind
        /// With the quotes of a string.
        var range: Range<Int>
        var hasEscapes = false
        /// What the value's key says; an array's elements are of the array's key.
        var context = FieldContext.none
        var rule: Int?
    }

    enum Stop {
        /// More bytes are needed.
        case more
        /// A text has ended, or what was read is enough to be looked at together.
        case full
        /// A string begins here that is too long to be an item. ``endString(isKey:)`` goes on after it.
        case long(from: Int, isKey: Bool)
        case invalid(from: Int)
    }

    private struct Level {
        let isObject: Bool
        /// In lower case; empty when there are no rules that ask for it.
        var key: [UInt8] = []
        var context = FieldContext.none
        /// Of the value that comes next.
        var standing = Standing()
        /// Of the object itself.
        var own = Standing()
        /// A member of it was kept.
        var hasMembers = false
    }

    /// A member that is being left out.
    private struct DroppedMember {
        /// How many levels there are around it.
        let level: Int
        /// No member before it was kept: the comma behind it goes with it, up to the next token.
        let isLeading: Bool
        var isOver = false
    }

    private let names: NameTable
    private var reader: JSONReader
    private var levels: [Level] = []
    /// How many levels there were before the object that is hidden.
    private var hiddenLevel: Int?
    private var dropped: DroppedMember?
    private(set) var items: [Item] = []
    private let root: Standing

    /// - Parameter root: where the document stands, if not by itself.
    init(names: NameTable, root: Standing? = nil, maximumStringBytes: Int = .max) {
        self.names = names
        self.root = root ?? names.root
        reader = JSONReader(maximumStringBytes: maximumStringBytes)
    }

    var isBetweenTexts: Bool { reader.isBetweenTexts }
    /// Of the value that comes next.
    var context: FieldContext { levels.last?.context ?? .none }
    var rule: Int? { standing.rule }
    /// The same of a string: one that is to be a document is none of which paths could tell.
    var stringRule: Int? { standing.rule ?? standing.column.map(names.redacting) }
    private var standing: Standing { levels.last?.standing ?? root }
    var isHiding: Bool { hiddenLevel != nil || dropped != nil }

    /// Reads on from `index`, which is moved.
    /// - Parameter limit: a place at or after which a token's end stops the walk.
    mutating func advance(
        _ bytes: UnsafeRawBufferPointer, from index: inout Int, upTo limit: Int, isLast: Bool
    ) -> Stop {
        while true {
            switch reader.next(bytes, from: index, isLast: isLast) {
            case .more(let place):
                index = place
                return .more
            case .long(let place, let isKey):
                index = place
                return .long(from: place, isKey: isKey)
            case .invalid(let place):
                index = place
                return .invalid(from: place)
            case .token(let token):
                index = token.range.upperBound
                take(token, bytes, comma: reader.takeComma())
                if reader.isBetweenTexts || index >= limit { return .full }
            }
        }
    }

    /// Forgets the items, which were dealt with. The bytes before the place where ``advance(_:from:upTo:isLast:)`` came to
    /// are not needed any more.
    mutating func dropItems() {
        items.removeAll(keepingCapacity: true)
        // A comma that was passed with them cannot be left out any more.
        _ = reader.takeComma()
        guard isHiding else { return }
        items.append(Item(kind: dropped == nil ? .hidden(begins: false) : .dropped(begins: false), range: 0..<0))
    }

    /// The items, the last of them up to `end` when it goes on behind it.
    func items(upTo end: Int) -> [Item] {
        guard isHiding, var last = items.last else { return items }
        last.range = last.range.lowerBound..<end
        return items.dropLast() + [last]
    }

    /// A string that was too long to be an item has ended.
    mutating func endString(isKey: Bool) {
        reader.endString(isKey: isKey)
        guard isKey else { return endDroppedValue(at: 0) }
        nameLevel([UInt8](repeating: 0, count: NameTable.maximumNameBytes + 1))
        keepMember()
    }

    private mutating func take(_ token: JSONReader.Token, _ bytes: UnsafeRawBufferPointer, comma: Int?) {
        if dropped?.isOver == true { endDropped(at: token.range.lowerBound) }
        switch token.kind {
        case .key:
            let content = bytes.part(token.range.lowerBound + 1..<token.range.upperBound - 1)
            nameLevel(token.hasEscapes ? JSONText.decode(content)?.bytes ?? Array(content) : Array(content))
            if drop(from: token.range, comma: comma) { return }
            keepMember()
            append(Item(kind: .key, range: token.range, hasEscapes: token.hasEscapes))
        case .string, .scalar:
            append(
                Item(
                    kind: token.kind == .string ? .string : .scalar, range: token.range, hasEscapes: token.hasEscapes,
                    context: context, rule: token.kind == .string ? stringRule : rule))
            endDroppedValue(at: token.range.upperBound)
        case .openArray:
            levels.append(Level(isObject: false, context: context, standing: names.standing(ofElementIn: standing)))
        case .openObject:
            if let rule, !isHiding {
                append(Item(kind: .hidden(begins: true), range: token.range, rule: rule))
                hiddenLevel = levels.count
            }
            levels.append(Level(isObject: true, own: standing))
        case .close:
            levels.removeLast()
            endDroppedValue(at: token.range.upperBound)
            if hiddenLevel == levels.count, let last = items.indices.last {
                hiddenLevel = nil
                items[last].range = items[last].range.lowerBound..<token.range.upperBound
            }
        }
    }

    private mutating func keepMember() {
        if !isHiding, let last = levels.indices.last { levels[last].hasMembers = true }
    }

    /// Begins to leave out the member whose key this is. False: there is nothing to leave out, or the comma before it is out
    /// already.
    private mutating func drop(from key: Range<Int>, comma: Int?) -> Bool {
        guard !isHiding, let level = levels.last, let rule = level.standing.rule, names.rules[rule].style == .drop,
            !level.hasMembers || comma != nil
        else { return false }
        let start = level.hasMembers ? comma ?? key.lowerBound : key.lowerBound
        append(Item(kind: .dropped(begins: true), range: start..<key.upperBound, rule: rule))
        dropped = DroppedMember(level: levels.count, isLeading: !level.hasMembers)
        return true
    }

    /// A value has ended: perhaps that of the member which is left out.
    private mutating func endDroppedValue(at place: Int) {
        guard let member = dropped, member.level == levels.count else { return }
        dropped?.isOver = true
        if !member.isLeading { endDropped(at: place) }
    }

    private mutating func endDropped(at place: Int) {
        dropped = nil
        guard let last = items.indices.last else { return }
        items[last].range = items[last].range.lowerBound..<place
    }

    private mutating func append(_ item: Item) {
        if !isHiding { items.append(item) }
    }

    private mutating func nameLevel(_ name: [UInt8]) {
        guard let last = levels.indices.last else { return }
        let meaning = names.meaning(of: name)
        levels[last].context = meaning.context
        guard !names.rules.isEmpty else { return }
        levels[last].key = meaning.name ?? []
        let needsEnclosing = !meaning.rules.isEmpty
        let enclosing = needsEnclosing ? levels.dropLast().reversed().filter(\.isObject).map(\.key) : []
        levels[last].standing = names.standing(meaning, enclosing: enclosing, in: levels[last].own)
    }
}
