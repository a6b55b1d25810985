import Contract

/// Decisions that were opened once and hold for the same text, actor, resource and state of its catalogue within a policy
/// epoch.
///
/// Only decisions that every stage calls pure are kept, and only while the same processes serve: new ones may judge
/// otherwise. Two generations bound the memory: when the young one is full it becomes the old one, and the former old one
/// is forgotten.
public final class DecisionMemo {
    /// Entries in one generation.
    static let generationSize = 2048
    /// Bytes of signed decisions in one generation.
    static let generationBytes = 4 << 20
    /// Bytes of signed decisions above which a ruling is not kept: it is about an unusually large text.
    static let rulingBytes = 16 << 10

    public struct Key: Hashable {
        let digest: [UInt8]
        let identity: String
        let resource: String
        let catalog: UInt64

        public init(digest: [UInt8], identity: String, resource: String, catalog: UInt64 = 0) {
            self.digest = digest
            self.identity = identity
            self.resource = resource
            self.catalog = catalog
        }
    }

    private var epoch: [UInt8] = []
    private var membership: UInt64 = 0
    private var young: [Key: Ruling] = [:]
    private var youngBytes = 0
    private var old: [Key: Ruling] = [:]

    public init() {}

    /// The ruling for `key`, if it was made in `epoch`. Another epoch than before forgets everything.
    public func ruling(for key: Key, epoch: [UInt8]) -> Ruling? {
        renew(epoch)
        if let ruling = young[key] { return ruling }
        guard let ruling = old.removeValue(forKey: key) else { return nil }
        insert(ruling, for: key)
        return ruling
    }

    /// Keeps `ruling` when it is pure and was made in `epoch`.
    public func store(_ ruling: Ruling, for key: Key, epoch: [UInt8]) {
        renew(epoch)
        guard !epoch.isEmpty, ruling.isPure, ruling.epoch == epoch, ruling.size <= Self.rulingBytes else { return }
        var ruling = ruling
        ruling.isMemoised = true
        insert(ruling, for: key)
    }

    /// Forgets everything when processes have come, gone or changed their state since the last call.
    public func renew(membership: UInt64) {
        guard membership != self.membership else { return }
        self.membership = membership
        forget()
    }

    private func insert(_ ruling: Ruling, for key: Key) {
        if young.count >= Self.generationSize || youngBytes >= Self.generationBytes {
            old = young
            young = [:]
            youngBytes = 0
        }
        if let former = young.updateValue(ruling, forKey: key) { youngBytes -= former.size }
        youngBytes += ruling.size
    }

    private func renew(_ epoch: [UInt8]) {
        guard epoch != self.epoch else { return }
        self.epoch = epoch
        forget()
    }

    private func forget() {
        young = [:]
        youngBytes = 0
        old = [:]
    }
}
