import Glibc

/// Memory that is given back all at once: a parse tree lives as long as its statement is looked at.
final class TreeArena {
    private static let chunkSize = 16 << 10
    private var chunks: [UnsafeMutableRawPointer] = []
    private var at: UnsafeMutableRawPointer
    private var left: Int

    init() {
        at = UnsafeMutableRawPointer.allocate(byteCount: Self.chunkSize, alignment: 16)
        chunks.append(at)
        left = Self.chunkSize
    }

    deinit {
        for chunk in chunks { chunk.deallocate() }
    }

    /// Not zeroed, aligned for any type.
    func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        let size = (size + 15) & ~15
        if size > left {
            // A tree is a few times its text: larger chunks keep their number small.
            let room = max(size, Self.chunkSize << min(chunks.count, 6))
            at = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 16)
            chunks.append(at)
            left = room
        }
        let result = at
        at += size
        left -= size
        return result
    }
}
