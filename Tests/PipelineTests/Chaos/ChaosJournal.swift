import Foundation
import TestKit

/// What Clients/chaos.py wrote down.
struct ChaosJournal {
    struct Statement {
        let kind: String
        let text: String
        let isOK: Bool
        /// SQLSTATE; "lost" for a broken connection, "aborted" for a pipeline that another's error ended.
        let code: String
        /// Sluice said that it did not run.
        let never: Bool
        let message: String

        /// No other statement has the same text.
        var isMarked: Bool { text.hasSuffix(" */") }
    }

    private(set) var statements: [Statement] = []
    /// Result of each transaction and COPY by its mark: committed, not, unknown.
    private(set) var transactions: [String: String] = [:]
    private(set) var copies: [String: (rows: Int, result: String)] = [:]
    /// Values that were not what they had to be, personal data that arrived, commands that were not refused.
    private(set) var wrong: [String] = []
    private(set) var hung: [String] = []
    private(set) var cancelCodes: Set<String> = []
    private(set) var checkedValues = 0

    init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else { throw TestKitError("no \(path)") }
        for line in data.split(separator: 0x0A) {
            let entry = try JSONValue(String(decoding: line, as: UTF8.self))
            switch entry["what"].string {
            case "statement":
                statements.append(
                    Statement(
                        kind: entry["kind"].string ?? "", text: entry["text"].string ?? "",
                        isOK: entry["outcome"].string == "ok", code: entry["code"].string ?? "",
                        never: entry["never"].isTrue, message: entry["message"].string ?? ""))
            case "transaction": transactions[entry["mark"].string ?? ""] = entry["result"].string
            case "copy":
                copies[entry["mark"].string ?? ""] = (entry["rows"].int ?? 0, entry["result"].string ?? "")
            case "wrong": wrong.append("\(entry["kind"].string ?? ""): \(entry["text"].string ?? "")")
            case "hung": hung.append(entry["kind"].string ?? "")
            case "cancel": cancelCodes.insert(entry["code"].string ?? "")
            case "checked": checkedValues += entry["values"].int ?? 0
            case let other: throw TestKitError("journal: \(other ?? "nothing") is not known")
            }
        }
    }

    func count(_ kind: String) -> Int { statements.count { $0.kind == kind && $0.isOK } }
}
