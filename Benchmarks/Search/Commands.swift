import Contract
import Foundation

/// Statements as applications and agents send them: twelve tables of three schemas, names and addresses, numbers of which most
/// come once. The same for every run.
struct Commands {
    /// SplitMix64.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    static let sessionCommands = 500
    private static let schemas = ["public", "sales", "hr"]
    private static let tables = [
        "customers", "orders", "order_items", "invoices", "payments", "employees", "products", "shipments", "tickets",
        "audit_log",
    ]
    private static let columns = [
        "id", "email", "name", "created_at", "total", "status", "city", "amount", "currency", "phone", "note",
        "updated_at", "customer_id", "product_id", "quantity",
    ]

    private var numbers = Numbers(state: 1)
    private let names: [String]

    init() {
        var numbers = Numbers(state: 2)
        names = (0..<20_000).map { _ in
            (0..<Int.random(in: 2...4, using: &numbers)).map { _ in
                String("bcdfglmnprst".randomElement(using: &numbers) ?? "b")
                    + String("aeiou".randomElement(using: &numbers) ?? "a")
            }.joined()
        }
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &numbers) }
    private mutating func name() -> String { names[number(0...(names.count - 1))] }
    private mutating func column() -> String { Self.columns[number(0...(Self.columns.count - 1))] }

    private mutating func statement() -> (text: String, table: String) {
        let table = Self.schemas[number(0...2)] + "." + Self.tables[number(0...(Self.tables.count - 1))]
        let id = number(1...50_000_000)
        switch number(1...1000) {
        case 1...500:
            return ("SELECT \(column()), \(column()), \(column()) FROM \(table) WHERE \(column()) = \(id)", table)
        case 501...700:
            return (
                """
                SELECT o.\(column()), c.\(column()) FROM \(table) o JOIN public.customers c ON c.id = o.customer_id \
                WHERE c.email = '\(name()).\(name())@example\(number(1...50)).com' ORDER BY o.\(column()) DESC LIMIT 20
                """, table
            )
        case 701...850:
            return (
                "UPDATE \(table) SET \(column()) = '\(name()) \(name())', updated_at = now() WHERE id = \(id)", table
            )
        case 851...950:
            return ("INSERT INTO \(table) (\(column()), \(column())) VALUES ('\(name())', \(id))", table)
        case 951...999: return ("DELETE FROM \(table) WHERE \(column()) = \(id)", table)
        default: return ("DROP TABLE \(table)_\(id % 1000)", table)
        }
    }

    /// The records of one session.
    mutating func session(_ index: Int, commands: Int, time: inout UInt64) -> [Record] {
        var records: [Record] = []
        var sequence: UInt64 = 0
        let name = String(format: "%032llx", UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
        func record(_ set: (inout Record) -> Void) {
            sequence += 1
            time += 9_000
            var record = Record()
            record.session = name
            record.sequence = sequence
            record.timeUs = time
            set(&record)
            records.append(record)
        }
        record {
            $0.sessionStarted.principal.name = "agent-\(index % 40)"
            $0.sessionStarted.resource = "database-\(index % 8)"
            $0.sessionStarted.protocol = "postgres"
        }
        for number in 1...commands {
            let (text, table) = statement()
            var decided = DecisionMade()
            decided.command = UInt64(number)
            decided.verdict = self.number(1...100) == 1 ? .refuse : .allow
            decided.rule = "rule \(self.number(1...25))"
            decided.tables = [table]
            // Four of five are decided as the same text was before.
            let isMemoised = self.number(1...5) > 1
            record {
                $0.command.command = UInt64(number)
                $0.command.text = text
                $0.command.message = "Query"
                if isMemoised { $0.command.memoised = decided }
            }
            if !isMemoised { record { $0.decision = decided } }
        }
        record { $0.sessionEnded.commands = UInt64(commands) }
        return records
    }

    func anyName(_ index: Int) -> String { names[index] }
}
