import Bus
import Contract
import Foundation
import Identity
import NIOCore

/// What of a command's data, in one direction, is recorded: all of it until a budget is used up, and of the rest how much it
/// was and its digest.
struct RecordedData {
    /// Size from which it is recorded in pieces, and that of the largest piece.
    static let pieceBytes = 64 << 10
    static let largestPiece = 1 << 20
    /// Microseconds after which a smaller one is recorded too, so that the recording tells when it passed.
    static let pieceAge: UInt64 = 100_000

    struct Piece {
        let bytes: ArraySlice<UInt8>
        let firstAt: UInt64
        let isFirst: Bool
        /// The budget that is used up behind it.
        let usedUp: String?
    }

    /// Bytes that passed.
    private(set) var total: UInt64 = 0
    private(set) var pending: [UInt8] = []
    /// When the first of them passed, Unix time, microseconds.
    private var firstAt: UInt64 = 0
    private var hasPiece = false
    private var usedUp: String?
    private var rest: RunningDigest?
    private var restBytes: UInt64 = 0

    /// Counts bytes that are not recorded, whatever the budget.
    mutating func pass(_ bytes: ByteBuffer) { total += UInt64(bytes.readableBytes) }

    /// Takes whole messages. Returns what is to be recorded now.
    /// - Parameter recorded: bytes of the command, counted by `allowance`.
    mutating func add(_ bytes: ByteBuffer, _ allowance: RecordingAllowance, recorded: inout Int) -> [Piece] {
        pass(bytes)
        guard usedUp == nil else {
            omit(bytes)
            return []
        }
        let now = unixMicroseconds()
        if pending.isEmpty { firstAt = now }
        let taken = allowance.take(bytes, recorded: &recorded)
        pending.append(contentsOf: bytes.readableBytesView.prefix(taken.count))
        guard let key = taken.usedUp else { return pending.count >= Self.pieceBytes ? cut() : aged(now) }
        usedUp = key
        omit(bytes.dropping(taken.count))
        return cut()
    }

    /// What waits and has grown old.
    mutating func aged(_ now: UInt64) -> [Piece] {
        guard !pending.isEmpty, now >= firstAt + Self.pieceAge else { return [] }
        return cut()
    }

    /// Everything that waits, and that the budget is used up, said once.
    mutating func cut() -> [Piece] {
        var pieces: [Piece] = []
        var rest = pending[...]
        repeat {
            let bytes = rest.prefix(Self.largestPiece)
            rest = rest.dropFirst(bytes.count)
            pieces.append(
                Piece(bytes: bytes, firstAt: firstAt, isFirst: !hasPiece, usedUp: rest.isEmpty ? usedUp : nil))
            hasPiece = true
        } while !rest.isEmpty
        if pending.capacity <= Self.largestPiece {
            pending.removeAll(keepingCapacity: true)
        } else {
            pending = []
        }
        return pieces
    }

    private mutating func omit(_ bytes: ByteBuffer) {
        let digest = rest ?? RunningDigest()
        rest = digest
        restBytes += UInt64(bytes.readableBytes)
        bytes.withUnsafeReadableBytes { digest.add($0) }
    }

    /// What was not recorded; nil when everything was.
    var omission: Omission? {
        guard let usedUp, let rest else { return nil }
        var omission = Omission()
        omission.bytes = restBytes
        omission.sha256 = Data(rest.value)
        omission.budget = usedUp
        return omission
    }
}

extension ByteBuffer {
    fileprivate func dropping(_ count: Int) -> ByteBuffer {
        var rest = self
        rest.moveReaderIndex(forwardBy: count)
        return rest
    }
}
