import ArgumentParser
import Foundation

/// `--format`, for every command that prints data.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json
}

/// Prints `value` as JSON for scripts: sorted keys, dates in ISO 8601.
func printJSON(_ value: some Encodable, onOneLine: Bool = false) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if !onOneLine { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.dateEncodingStrategy = .iso8601
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// Columns of text for people. The last column is not padded.
struct TextTable {
    let columns: [String]
    let rows: [[String]]

    /// Text in a cell comes from clients too: it must not drive the terminal.
    static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            let isControl =
                scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.value == 0x2028
                || scalar.value == 0x2029 || scalar.properties.isBidiControl
            result.unicodeScalars.append(isControl ? (scalar == "\n" || scalar == "\t" ? " " : "?") : scalar)
        }
        return result
    }

    var text: String {
        let cells = ([columns] + rows).map { row in row.map(Self.printable) }
        let widths = columns.indices.map { column in
            cells.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return cells.map { row in
            row.enumerated().map { column, cell in
                guard column < row.count - 1, column < widths.count else { return cell }
                return cell + String(repeating: " ", count: widths[column] - cell.count)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    func print() { Swift.print(text) }
}
