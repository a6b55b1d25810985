/// What SQL EXECUTE may run on a connection: statements that were prepared by PREPARE or by a Parse with a name.
///
/// EXECUTE names a statement, not its text, so all that was ever prepared counts until DEALLOCATE ALL or DISCARD ALL
/// has succeeded: a name that is only believed to be gone may still be there.
struct Executables {
    private var epochs: Set<[UInt8]> = []
    private var hasOnce = false
    /// The tightest of theirs.
    private(set) var limit: RowLimit?

    /// `isForOnce`: each of its runs needs a judgement of its own.
    mutating func add(epoch: [UInt8], isForOnce: Bool, limit: RowLimit? = nil) {
        self.limit = RowLimit.tighter(self.limit, limit)
        epochs.insert(epoch)
        hasOnce = hasOnce || isForOnce
    }

    /// Whether everything that could run was judged in `epoch`, for more than once.
    func mayRun(epoch: [UInt8]) -> Bool { !hasOnce && epochs.isSubset(of: [epoch]) }

    mutating func removeAll() {
        epochs = []
        limit = nil
        hasOnce = false
    }
}
