import Contract
import NIOCore

/// A prepared statement as it was judged. Its text never changes while its name stands for it.
struct PreparedStatement {
    let text: [UInt8]
    let textDigest: [UInt8]
    let types: ByteBuffer
    /// Policy epoch in which it was judged.
    let epoch: [UInt8]
    /// Its executions need approvals of their own.
    let isHeld: Bool
    /// As it was judged: what a description of it leaves out.
    let mask: MaskPlan
    let columns = StatementColumns()
}

/// A bound portal: the command that its Bind was judged and recorded as.
struct Portal {
    let command: Command
    let statement: PreparedStatement
    let columns: PortalColumns
    /// An Execute was forwarded: the next one is a command of its own.
    var wasExecuted = false
}

/// What is known of a statement's columns.
final class StatementColumns {
    enum State {
        case unknown
        /// A description is on its way.
        case asked
        /// As the target described them, none marked as dropped.
        case known([ResultColumn])
    }

    var state = State.unknown
    /// The client has asked for a description.
    var isDescribed = false
    /// The places that the last description which the client got left out; nil: it got none.
    var told: [Int]?
}

/// A portal's columns as it sends them; nil until the target has described them.
final class PortalColumns {
    var columns: [ResultColumn]?
    let statement: StatementColumns

    init(of statement: StatementColumns) { self.statement = statement }

    /// Its rows would have other columns than the client was told that its statement has.
    var contradictDescription: Bool {
        guard let told = statement.told else { return false }
        return told != columns?.droppedPlaces ?? []
    }
}

/// What a lookup by name found.
enum Lookup<Value> {
    case found(Value)
    case missing
    /// An earlier batch may still change what the name stands for: wait for its replies.
    case unsettled
}

/// What the names of one kind stand for at the target, as far as the target has confirmed it.
///
/// A definition is provisional until the target confirms it and is undone when the target refuses or skips it, so that
/// a name never stands for another text here than there.
struct NameTable<Value> {
    /// Shared with the definitions that cover it, so that it is confirmed under them too.
    final class Entry {
        var value: Value
        let batch: UInt64
        var isConfirmed = false

        init(value: Value, batch: UInt64) {
            self.value = value
            self.batch = batch
        }
    }
    /// A definition, to confirm or undo.
    struct Definition {
        let name: String
        /// nil: a removal.
        let entry: Entry?
        let previous: Entry?
    }
    /// Most names at once; more are refused.
    static var maximumNames: Int { 10_000 }

    private var entries: [String: Entry] = [:]

    var values: some Sequence<Value> { entries.values.lazy.map(\.value) }

    /// Looks `name` up for a message in `batch`.
    func lookup(_ name: String, batch: UInt64) -> Lookup<Value> {
        guard let entry = entries[name] else { return .missing }
        return entry.isConfirmed || entry.batch == batch ? .found(entry.value) : .unsettled
    }

    /// Whether an unconfirmed definition of an earlier batch stands in the way of a new one.
    func isUnsettled(_ name: String, batch: UInt64) -> Bool {
        guard let entry = entries[name] else { return false }
        return !entry.isConfirmed && entry.batch != batch
    }

    var isFull: Bool { entries.count >= Self.maximumNames }

    /// Defines `name` provisionally.
    mutating func define(_ name: String, _ value: Value, batch: UInt64) -> Definition {
        let entry = Entry(value: value, batch: batch)
        let previous = entries.updateValue(entry, forKey: name)
        return Definition(name: name, entry: entry, previous: previous)
    }

    /// The target has acted on the definition. A later one of the same name stays provisional.
    func confirm(_ definition: Definition) { definition.entry?.isConfirmed = true }

    func update(_ name: String, _ change: (inout Value) -> Void) {
        guard let entry = entries[name] else { return }
        change(&entry.value)
    }

    /// The target did not act on the definition, or on the removal. Several are undone last one first.
    mutating func undo(_ definition: Definition) { entries[definition.name] = definition.previous }

    /// Removes `name`.
    @discardableResult
    mutating func remove(_ name: String) -> Definition {
        Definition(name: name, entry: nil, previous: entries.removeValue(forKey: name))
    }

    /// Removes what the target has confirmed: portals end with their transaction.
    mutating func removeSettled() { entries = entries.filter { !$0.value.isConfirmed } }

    mutating func removeAll() { entries.removeAll() }
}
