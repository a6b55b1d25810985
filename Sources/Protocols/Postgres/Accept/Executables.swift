/// What SQL EXECUTE may run on a connection: statements that were prepared by PREPARE or by a Parse with a name.
///
/// EXECUTE names a statement, not its text, so all that was ever prepared counts until DEALLOCATE ALL or DISCARD ALL
/// has succeeded: a name that is only believed to be gone may still be there.
struct Executables {
    private var epochs: Set<[UInt8]> = []
    private var hasHeld = false
    /// The tightest of theirs.
    private(set) var limit: RowLimit?

    /// `isHeld`: each of its runs needs an approval of its own.
    mutating func add(epoch: [UInt8], isHeld: Bool, limit: RowLimit? = nil) {
        self.limit = RowLimit.tighter(self.limit, limit)
        epochs.insert(epoch)
        hasHeld = hasHeld || isHeld
    }

    /// Whether everything that could run was judged in `epoch` and needs no approval.
    func mayRun(epoch: [UInt8]) -> Bool { !hasHeld && epochs.isSubset(of: [epoch]) }

    mutating func removeAll() {
        epochs = []
        limit = nil
        hasHeld = false
    }
}
