import Contract

/// Decisions that were opened once and hold for the same text, actor and resource within a policy epoch.
///
/// Only decisions that every stage calls pure are kept. Two generations bound the memory: when the young one is full
/// it becomes the old one, and the former old one is forgotten.
public final class DecisionMemo {
    /// Entries in one generation.
    static let generationSize = 2048

    public struct Key: Hashable {
        let digest: [UInt8]
        let identity: String
        let resource: String

        public init(digest: [UInt8], identity: String, resource: String) {
            self.digest = digest
            self.identity = identity
            self.resource = resource
        }
    }

    private var epoch: [UInt8] = []
    private var young: [Key: Ruling] = [:]
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
        guard !epoch.isEmpty, ruling.isPure, ruling.epoch == epoch else { return }
        var ruling = ruling
        ruling.isMemoised = true
        insert(ruling, for: key)
    }

    private func insert(_ ruling: Ruling, for key: Key) {
        if young.count >= Self.generationSize {
            old = young
            young = [:]
        }
        young[key] = ruling
    }

    private func renew(_ epoch: [UInt8]) {
        guard epoch != self.epoch else { return }
        self.epoch = epoch
        young = [:]
        old = [:]
    }
}
