import Detection
import Glibc

/// Masks text line by line. The lines of a private key are one; a line too long to be held is masked piece by piece.
struct TextMasker: BufferedMasker {
    /// No private key is longer; what follows is read line by line again.
    private static let maximumKeyBytes = 64 << 10

    private let pass: DocumentPass
    private let findsKeys: Bool
    private var encoding = ValueEncoding.plain
    var buffer = PendingBytes()
    /// How far the buffer was searched for the end of its first line.
    private var searched = 0
    private var long: LongValue?

    init(_ pass: DocumentPass) {
        self.pass = pass
        findsKeys = pass.engine.detection?.entities.contains(.privateKey) ?? false
    }

    /// Text where JSON was to be; of its first line `sight` was passed already.
    init(_ pass: DocumentPass, afterJSON sight: [UInt8]) {
        self.init(pass)
        encoding = .jsonLike
        sight.withUnsafeBytes { buffer.append($0) }
        if !sight.isEmpty { long = LongValue(encoding, near: .none, rule: nil, sight: sight) }
    }

    /// Something was written that was not passed yet.
    var isHolding: Bool { !buffer.isEmpty }

    mutating func advance(isLast: Bool) {
        while true {
            if let value = long {
                guard takePiece(value, isLast: isLast) else { return }
            } else {
                drop(passUnits(isLast: isLast))
                guard buffer.count > LongValue.pieceBytes, searched > LongValue.pieceBytes else { return }
                long = LongValue(encoding, near: .none, rule: nil)
                searched = 0
            }
        }
    }

    private mutating func drop(_ count: Int) {
        buffer.drop(count)
        searched = max(0, searched - count)
    }

    /// The next piece of a long line; false when more bytes are needed.
    private mutating func takePiece(_ value: LongValue, isLast: Bool) -> Bool {
        var value = value
        let limit = min(buffer.count, LongValue.pieceBytes)
        let line = newline(from: min(searched, limit), upTo: limit)
        searched = limit
        guard line != nil || isLast || buffer.count > LongValue.pieceBytes else { return false }
        let end = line ?? limit
        let endsHere = line != nil || isLast && end == buffer.count
        let dropped = buffer.withUnsafeBytes { value.take($0.part(0..<end), isLast: endsHere, pass) }
        long = endsHere ? nil : value
        drop(dropped)
        if endsHere { searched = 0 }
        return true
    }

    /// Passes the lines that are whole, and returns where they end.
    private mutating func passUnits(isLast: Bool) -> Int {
        var units: [Range<Int>] = []
        var end = 0
        while end < buffer.count, let next = unitEnd(from: end, isLast: isLast) {
            units.append(end..<next)
            end = next
        }
        guard end > 0 else { return 0 }
        buffer.withUnsafeBytes { bytes in
            let stretch = bytes.part(0..<end)
            var candidates = pass.candidates(in: stretch)
            var list = EditList()
            for unit in units {
                let content = unit.lowerBound..<unit.upperBound - stretch[unit].lineEndBytes
                let found = candidates?.next(in: content)
                if case .jsonLike = encoding, stretch[content].contains(0x5c) {
                    let field = DocumentField(range: content, content: content, encoding: encoding)
                    pass.editText(field, in: stretch, to: &list)
                } else {
                    pass.edit(stretch, content, found, near: .none, to: &list)
                }
            }
            pass.pass(stretch, 0..<end, list)
        }
        return end
    }

    /// Where the line that begins at `start` ends, after its newline, or the last of several that belong together; nil when
    /// that is not there yet, or too far away.
    private mutating func unitEnd(from start: Int, isLast: Bool) -> Int? {
        let line = newline(from: max(start, searched), upTo: buffer.count)
        searched = line.map { $0 + 1 } ?? buffer.count
        let lineEnd = line ?? buffer.count
        guard line != nil || isLast, lineEnd - start <= LongValue.pieceBytes else {
            searched = max(lineEnd, start)
            return nil
        }
        guard findsKeys, let line, buffer.withUnsafeBytes({ $0.beginsPrivateKey(in: start..<line) }) else {
            return line.map { $0 + 1 } ?? lineEnd
        }
        var end = line + 1
        while true {
            let next = newline(from: end, upTo: min(buffer.count, start + TextMasker.maximumKeyBytes))
            guard let next else {
                if buffer.count >= start + TextMasker.maximumKeyBytes { return end }
                searched = line
                return isLast ? buffer.count : nil
            }
            if buffer.withUnsafeBytes({ $0.endsPrivateKey(in: end..<next) }) { return next + 1 }
            end = next + 1
        }
    }

    private func newline(from start: Int, upTo end: Int) -> Int? {
        guard start < end else { return nil }
        return buffer.withUnsafeBytes { bytes -> Int? in
            bytes.baseAddress.flatMap { base in
                memchr(base + start, 0x0a, end - start).map { UnsafeRawPointer($0) - base }
            }
        }
    }
}
