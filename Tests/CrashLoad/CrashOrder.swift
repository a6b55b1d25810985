/// What a writer is started with, as its arguments.
public struct CrashOrder: Sendable {
    /// The replica's folder.
    public var directory: String
    public var isSynced: Bool
    public var segmentBytes: Int64
    public var seed: UInt64
    /// It ends by itself after so many blocks.
    public var blocks: UInt64
    /// Seeds of recording keys as one byte each, repeated; the present key first.
    public var keys: [UInt8]
    /// A PEM file with a public key to encrypt for; empty for none.
    public var recipient: String
    public var slots: [CrashSlot]

    public init(
        directory: String, isSynced: Bool, segmentBytes: Int64, seed: UInt64, blocks: UInt64, keys: [UInt8],
        recipient: String, slots: [CrashSlot]
    ) {
        self.directory = directory
        self.isSynced = isSynced
        self.segmentBytes = segmentBytes
        self.seed = seed
        self.blocks = blocks
        self.keys = keys
        self.recipient = recipient
        self.slots = slots
    }

    public var arguments: [String] {
        [
            directory, isSynced ? "synced" : "written", String(segmentBytes), String(seed), String(blocks),
            keys.map(String.init).joined(separator: ","), recipient,
        ] + slots.map(\.description)
    }

    /// Reads ``arguments``; nil when they are none.
    public init?(_ arguments: [String]) {
        guard arguments.count > 7, let segmentBytes = Int64(arguments[2]), let seed = UInt64(arguments[3]),
            let blocks = UInt64(arguments[4])
        else { return nil }
        self.init(
            directory: arguments[0], isSynced: arguments[1] == "synced", segmentBytes: segmentBytes, seed: seed,
            blocks: blocks, keys: arguments[5].split(separator: ",").compactMap { UInt8($0) }, recipient: arguments[6],
            slots: arguments[7...].compactMap { CrashSlot($0) })
    }
}
