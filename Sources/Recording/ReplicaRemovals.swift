/// What is ordered to go from a replica, what holds it, and what went: beside its segments, signed by the recorder's key.
struct ReplicaRemovals {
    let directory: String
    let key: RecordingKey
    let former: [RecordingKey]
    let files: any FileLayer

    private var keys: [VerificationKey] { ([key] + former).map(\.verification) }

    /// What went; nil before anything did.
    func list() throws(RecordingError) -> RemovalList? { try RemovalList.read(directory, keys: keys) }

    func write(_ list: RemovalList) throws(RecordingError) { try list.write(directory, key: key, files: files) }

    /// What the key's owner orders.
    func waiting() throws(RecordingError) -> [RemovalOrder] {
        try RemovalOrder.waiting(in: directory, signedBy: [key.verification], files: files)
    }

    /// Why an order may not be carried out; nil when no hold is in its way.
    ///
    /// - Parameter vanished: holds whose files went without a release.
    func refusal(of order: RemovalOrder, _ vanished: [LegalHold]) -> String? {
        let holds: [LegalHold]
        do throws(RecordingError) {
            holds = try LegalHold.all(in: directory, signedBy: keys)
        } catch {
            return "the holds cannot be read: \(error)"
        }
        let present = LegalHold.names(holds, over: order.segments)
        guard present.isEmpty else { return "segments are under legal hold: \(present)" }
        let gone = LegalHold.names(vanished, over: order.segments)
        return gone.isEmpty
            ? nil
            : "a legal hold vanished without a release: \(gone): place it again, or restart the recorder to give it up"
    }
}
