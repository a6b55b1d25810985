/// Writes and reads COPY data (manual, COPY, File Formats) by other code than that under test.
enum Copies {
    private static let signature = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + Wire.int32(0) + Wire.int32(0)

    static func data(_ rows: [[[UInt8]?]], _ format: String) -> [UInt8] {
        switch format {
        case "text":
            rows.flatMap { row in
                row.map { $0.map(escaped) ?? Array("\\N".utf8) }.joined(separator: [0x09]) + [0x0a]
            }
        case "csv":
            rows.flatMap { row in row.map { $0.map(quoted) ?? [] }.joined(separator: [0x2c]) + [0x0a] }
        case _:
            signature
                + rows.flatMap { row in
                    Wire.int16(row.count) + row.flatMap { $0.map { Wire.int32($0.count) + $0 } ?? Wire.int32(-1) }
                } + Wire.int16(-1)
        }
    }

    private static func escaped(_ value: [UInt8]) -> [UInt8] {
        value.flatMap { byte -> [UInt8] in
            switch byte {
            case 0x0a: Array("\\n".utf8)
            case 0x09: Array("\\t".utf8)
            case 0x5c: Array("\\\\".utf8)
            case _: [byte]
            }
        }
    }

    private static func quoted(_ value: [UInt8]) -> [UInt8] {
        [0x22] + value.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] } + [0x22]
    }

    struct Unreadable: Error {}

    static func rows(_ data: [UInt8], _ format: String) throws -> [[[UInt8]?]] {
        switch format {
        case "text":
            guard data.last == 0x0a else { throw Unreadable() }
            return data.dropLast().split(separator: 0x0a, omittingEmptySubsequences: false).map { line in
                line.split(separator: 0x09, omittingEmptySubsequences: false).map { field in
                    field.elementsEqual("\\N".utf8) ? nil : unescaped(Array(field))
                }
            }
        case "csv": return try csv(data)
        case _:
            guard data.starts(with: signature) else { throw Unreadable() }
            var rest = data.dropFirst(signature.count)
            var rows: [[[UInt8]?]] = []
            func int(_ size: Int) throws -> Int {
                guard rest.count >= size else { throw Unreadable() }
                defer { rest = rest.dropFirst(size) }
                let value = rest.prefix(size).reduce(0) { $0 << 8 | Int($1) }
                return size == 2 ? Int(Int16(truncatingIfNeeded: value)) : Int(Int32(truncatingIfNeeded: value))
            }
            while true {
                let fields = try int(2)
                if fields == -1 { break }
                rows.append(
                    try (0..<fields).map { _ in
                        let length = try int(4)
                        if length == -1 { return nil }
                        guard length >= 0, rest.count >= length else { throw Unreadable() }
                        defer { rest = rest.dropFirst(length) }
                        return Array(rest.prefix(length))
                    })
            }
            guard rest.isEmpty else { throw Unreadable() }
            return rows
        }
    }

    private static func unescaped(_ field: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var index = 0
        while index < field.count {
            if field[index] == 0x5c, index + 1 < field.count {
                index += 1
                out.append(field[index] == 0x6e ? 0x0a : field[index] == 0x74 ? 0x09 : field[index])
            } else {
                out.append(field[index])
            }
            index += 1
        }
        return out
    }

    private static func csv(_ data: [UInt8]) throws -> [[[UInt8]?]] {
        var rows: [[[UInt8]?]] = []
        var row: [[UInt8]?] = []
        var index = 0
        while index < data.count {
            var value: [UInt8]?
            if data[index] == 0x22 {
                var inside: [UInt8] = []
                index += 1
                while true {
                    guard index < data.count else { throw Unreadable() }
                    if data[index] == 0x22 {
                        guard index + 1 < data.count, data[index + 1] == 0x22 else { break }
                        index += 1
                    }
                    inside.append(data[index])
                    index += 1
                }
                index += 1
                value = inside
            } else if data[index] != 0x2c, data[index] != 0x0a {
                throw Unreadable()
            }
            row.append(value)
            guard index < data.count else { throw Unreadable() }
            if data[index] == 0x0a {
                rows.append(row)
                row = []
            } else if data[index] != 0x2c {
                throw Unreadable()
            }
            index += 1
        }
        guard row.isEmpty else { throw Unreadable() }
        return rows
    }
}
