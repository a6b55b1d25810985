/// What tells a recording from every other one of its replica's name, by what stays of it: its first segment goes to the archive
/// or is removed, its leaves are kept.
struct RecordingIdentity: Sendable, Equatable {
    /// The chain value that the first segment begins with; nil: it is not here.
    private var begin: [UInt8]?
    /// The chain value after the first segment's seal; nil: it is not sealed, or that is not here.
    private(set) var firstLeaf: [UInt8]?

    /// That of what is in a replica's folder; nil: nothing of it says which recording it is.
    static func read(_ directory: String) throws(RecordingError) -> RecordingIdentity? {
        var identity = RecordingIdentity()
        let first = directory + "/" + Format.segmentName(1)
        if fileSize(first) != nil {
            do throws(RecordingError) {
                identity.begin = try SegmentReader(path: first).headerChain
            } catch {
                // It says nothing; nor does one that was removed just now.
                guard [.damaged, .incomplete].contains(error.code) || fileSize(first) == nil else { throw error }
            }
        }
        identity.firstLeaf = try LeafFile.read(directory, atMost: 1).first
        return identity == RecordingIdentity() ? nil : identity
    }

    private init() {}

    /// - Parameter bytes: ``bytes`` of one, or only the first chain value, as former releases kept it.
    init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard [ChainHasher.length, 2 * ChainHasher.length].contains(bytes.count) else { return nil }
        let begin = Array(bytes.prefix(ChainHasher.length))
        self.begin = begin == ChainHasher.zero ? nil : begin
        firstLeaf = bytes.count > ChainHasher.length ? Array(bytes.suffix(ChainHasher.length)) : nil
    }

    var bytes: [UInt8] { (begin ?? ChainHasher.zero) + (firstLeaf ?? []) }

    /// Nil: the two have nothing that could be compared.
    func isSame(as other: RecordingIdentity) -> Bool? {
        let pairs = [(begin, other.begin), (firstLeaf, other.firstLeaf)]
            .compactMap { mine, others in mine.flatMap { mine in others.map { mine == $0 } } }
        return pairs.isEmpty ? nil : !pairs.contains(false)
    }

    /// With the first leaf, which is there once a segment is sealed and stays when that goes.
    static func complete(_ known: RecordingIdentity?, _ directory: String) -> RecordingIdentity? {
        guard known?.firstLeaf == nil else { return known }
        do throws(RecordingError) {
            return try read(directory)?.completed(by: known) ?? known
        } catch {
            return known
        }
    }

    /// With what only `other` has.
    func completed(by other: RecordingIdentity?) -> RecordingIdentity {
        var identity = self
        identity.begin = begin ?? other?.begin
        identity.firstLeaf = firstLeaf ?? other?.firstLeaf
        return identity
    }
}
