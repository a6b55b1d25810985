/// What a control character or sequence does to where the next text stands (ECMA-48 section 8.3).
enum TerminalMotion: Equatable {
    case none
    /// To a column, from 0.
    case to(Int)
    case by(Int)
    case nextTab, previousTab
    /// To another row, and perhaps a column.
    case row(Int?)
    /// Characters from the cursor on that are removed; those behind them follow.
    case delete(Int)
    /// Room made at the cursor.
    case insert(Int)
    /// Columns, from the cursor on, that become empty.
    case erase(Int)
    case eraseBefore, eraseRow

    /// No screen is wider; a number that is larger stands for this.
    static let maximumColumns = 4096

    init(_ bytes: UnsafeRawBufferPointer) {
        self = .none
        guard let first = bytes.first, let last = bytes.last else { return }
        if first == 0x08 { self = .by(-1) }
        if first == 0x0b || first == 0x0c { self = .row(nil) }
        guard first == 0x1b, bytes.count > 1 else { return }
        guard bytes[1] == 0x5b else {
            guard bytes.count == 2 else { return }
            switch last {
            case 0x44, 0x4d, 0x37, 0x38, 0x63: self = .row(nil)  // D M 7 8 c
            case 0x45: self = .row(0)  // E
            case _: break
            }
            return
        }
        let numbers = TerminalMotion.numbers(bytes[2..<bytes.count])
        let count = max(1, numbers.first)
        switch last {
        case 0x43, 0x61: self = .by(count)  // C a
        case 0x44: self = .by(-count)  // D
        case 0x47, 0x60: self = .to(count - 1)  // G `
        case 0x48, 0x66: self = .row(max(1, numbers.second) - 1)  // H f
        case 0x45, 0x46: self = .row(0)  // E F
        // A B J L M S T d e r s u
        case 0x41, 0x42, 0x4a, 0x4c, 0x4d, 0x53, 0x54, 0x64, 0x65, 0x72, 0x73, 0x75: self = .row(nil)
        case 0x49: self = .nextTab  // I
        case 0x5a: self = .previousTab  // Z
        case 0x50: self = .delete(count)  // P
        case 0x40: self = .insert(count)  // @
        case 0x58: self = .erase(count)  // X
        case 0x4b:  // K
            self = numbers.first == 1 ? .eraseBefore : numbers.first == 2 ? .eraseRow : .erase(.max)
        case _: break
        }
    }

    private static func numbers(_ bytes: Slice<UnsafeRawBufferPointer>) -> (first: Int, second: Int) {
        var numbers = [0, 0]
        var index = 0
        for byte in bytes {
            if byte == 0x3b {
                index += 1
                guard index < numbers.count else { break }
            } else if byte &- 0x30 < 10 {
                numbers[index] = min(maximumColumns, numbers[index] * 10 + Int(byte - 0x30))
            }
        }
        return (numbers[0], numbers[1])
    }
}
