import Foundation

/// Whether bytes are a value of a type: another decoding than the one under test.
func isWhole(_ bytes: [UInt8], type: UInt32, binary: Bool) -> Bool {
    guard binary else { return isWholeText(bytes, type: type) }
    switch type {
    case 25, 1043, 142, 16_999: return String(validating: bytes, as: UTF8.self) != nil
    case 114: return isJSON(bytes)
    case 3802: return bytes.first == 1 && isJSON(Array(bytes.dropFirst()))
    case 16: return bytes.count == 1
    case 23, 1082: return bytes.count == 4
    case 20, 701, 790: return bytes.count == 8
    case 2950, 600: return bytes.count == 16
    case 1700: return bytes.count >= 8 && bytes.count == 8 + 2 * int(bytes, 0, 2)
    case 2249:
        var index = 4
        for _ in 0..<int(bytes, 0, 4) {
            let length = int(bytes, index + 4, 4)
            let end = index + 8 + max(0, length)
            guard end <= bytes.count else { return false }
            if length >= 0, !isWhole(Array(bytes[index + 8..<end]), type: UInt32(int(bytes, index, 4)), binary: true) {
                return false
            }
            index = end
        }
        return index == bytes.count
    case let array where Shape.Leaf.allCases.contains { $0.arrayType == array }:
        let element = UInt32(int(bytes, 8, 4))
        var index = 12 + 8 * int(bytes, 0, 4)
        for _ in 0..<int(bytes, 12, 4) {
            let length = int(bytes, index, 4)
            let end = index + 4 + max(0, length)
            guard end <= bytes.count else { return false }
            // A NULL must be told of in the header.
            if length < 0, int(bytes, 4, 4) != 1 { return false }
            if length >= 0, !isWhole(Array(bytes[index + 4..<end]), type: element, binary: true) { return false }
            index = end
        }
        return index == bytes.count
    case _: return true
    }
}

private func isWholeText(_ bytes: [UInt8], type: UInt32) -> Bool {
    switch type {
    case 114, 3802: isJSON(bytes)
    case 142: isXML(bytes)
    case let array where Shape.Leaf.allCases.contains { $0.arrayType == array }:
        elements(bytes).map { elements in
            let leaf = Shape.Leaf.allCases.first { $0.arrayType == array }!
            return elements.count == 4
                && elements.allSatisfy { $0.map { isWholeText($0, type: leaf.rawValue) } ?? true }
        } ?? false
    case _: String(validating: bytes, as: UTF8.self) != nil
    }
}

private func isJSON(_ bytes: [UInt8]) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
}

/// One element with text, or the text alone.
private func isXML(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    return text.hasPrefix("<a") && text.hasSuffix("</a>") && text.count(where: { $0 == "<" }) == 2
}

/// The elements of a one-dimensional array's text.
private func elements(_ bytes: [UInt8]) -> [[UInt8]?]? {
    guard bytes.first == 0x7b, bytes.last == 0x7d else { return nil }
    var out: [[UInt8]?] = []
    var rest = bytes.dropFirst().dropLast()
    while !rest.isEmpty {
        if rest.starts(with: "NULL".utf8) {
            out.append(nil)
            rest = rest.dropFirst(4)
        } else {
            guard rest.first == 0x22 else { return nil }
            rest = rest.dropFirst()
            var value: [UInt8] = []
            while let byte = rest.first, byte != 0x22 {
                if byte == 0x5c { rest = rest.dropFirst() }
                guard let byte = rest.first else { return nil }
                value.append(byte)
                rest = rest.dropFirst()
            }
            guard rest.first == 0x22 else { return nil }
            out.append(value)
            rest = rest.dropFirst()
        }
        if let byte = rest.first {
            guard byte == 0x2c else { return nil }
            rest = rest.dropFirst()
        }
    }
    return out
}

private func int(_ bytes: [UInt8], _ index: Int, _ size: Int) -> Int {
    guard index >= 0, index + size <= bytes.count else { return -1 }
    let value = bytes[index..<index + size].reduce(0) { $0 << 8 | Int($1) }
    return size == 4 ? Int(Int32(truncatingIfNeeded: value)) : Int(Int16(truncatingIfNeeded: value))
}
