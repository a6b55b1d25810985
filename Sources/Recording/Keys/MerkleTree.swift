import COpenSSL

/// The root of a Merkle tree over leaves that come one after the other (RFC 6962, section 2.1). Keeps one hash for each
/// bit of the number of leaves.
struct MerkleTree {
    private(set) var size: UInt64 = 0
    /// Roots of the perfect trees that the leaves make up, the largest first.
    private var peaks: [[UInt8]] = []
    private let hasher: ChainHasher

    init(_ hasher: ChainHasher) { self.hasher = hasher }

    mutating func append(_ leaf: [UInt8]) throws(RecordingError) {
        var node = try hasher.digest([0] + leaf)
        var pairs = size
        while pairs & 1 == 1, let left = peaks.popLast() {
            node = try hasher.digest([1] + left + node)
            pairs >>= 1
        }
        peaks.append(node)
        size += 1
    }

    func root() throws(RecordingError) -> [UInt8] {
        guard var node = peaks.last else { return try hasher.digest([]) }
        for left in peaks.dropLast().reversed() { node = try hasher.digest([1] + left + node) }
        return node
    }
}
