extension PostgresText {
    static func floats(_ reader: inout ValueReader, _ count: Int) -> [UInt8]? {
        var text: [UInt8] = []
        for index in 0..<count {
            guard let value = float8(&reader) else { return nil }
            if index > 0 { text.append(0x2c) }
            text.append(contentsOf: value)
        }
        return text
    }

    static func point(_ reader: inout ValueReader) -> [UInt8]? {
        floats(&reader, 2).map { [0x28] + $0 + [0x29] }
    }

    static func points(_ reader: inout ValueReader, _ count: Int) -> [UInt8]? {
        var text: [UInt8] = []
        for index in 0..<count {
            guard let value = point(&reader) else { return nil }
            if index > 0 { text.append(0x2c) }
            text.append(contentsOf: value)
        }
        return text
    }

    private static let pointBytes = 16

    static func path(_ reader: inout ValueReader) -> [UInt8]? {
        guard let isClosed = reader.byte(), let count = reader.count(ofSize: pointBytes),
            let text = points(&reader, count)
        else { return nil }
        return isClosed != 0 ? [0x28] + text + [0x29] : [0x5b] + text + [0x5d]
    }

    static func polygon(_ reader: inout ValueReader) -> [UInt8]? {
        guard let count = reader.count(ofSize: pointBytes), let text = points(&reader, count) else { return nil }
        return [0x28] + text + [0x29]
    }

    static func circle(_ reader: inout ValueReader) -> [UInt8]? {
        guard let center = point(&reader), let radius = float8(&reader) else { return nil }
        return [0x3c] + center + [0x2c] + radius + [0x3e]
    }
}
