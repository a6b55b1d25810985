import Bus
import Configuration
import Contract
import Foundation
import NIOCore
import PostgresWire

/// Names of a resource's table columns, asked of the target with the resource's own credentials: the origin of a
/// result column is what a column rule speaks of, whatever alias the statement gave it.
///
/// One per event loop and resource. Answers are kept for ``lifetime`` and dropped when a statement that changes
/// definitions passes.
final class Catalog {
    /// How long an answer holds, nanoseconds.
    static let lifetime: UInt64 = 10_000_000_000
    /// Most tables kept.
    static let maximumTables = 10_000
    /// Longest wait for an answer; then the columns are not known, and masking withholds.
    static let answerTimeout = TimeAmount.seconds(5)
    /// Most questions waiting.
    static let maximumQuestions = 1000

    struct Table: Sendable {
        let schema: String
        let name: String
        /// It holds its rows itself: neither a view nor a partition or child of another table.
        let isTable: Bool
        /// By attribute number, in order.
        let columns: [Column]
    }

    struct Column: Sendable {
        let number: Int16
        let name: String
        let isGenerated: Bool
        let type: UInt32
    }

    private enum Question {
        case oids([UInt32], ([UInt32: Table]?) -> Void)
        case table(schema: String?, name: String, (Table?) -> Void)
        case schema(SchemaQuestion, (SchemaAnswer?) -> Void)
    }

    /// Of the same resource and event loop.
    let estimates: PlanEstimates
    private let resource: Resource
    private let eventLoop: any EventLoop
    private var connection: CatalogConnection?
    private var tables: [UInt32: (table: Table, at: UInt64)] = [:]
    private var waiting = CircularBuffer<Question>()
    private var isAsking = false

    init(resource: Resource, eventLoop: any EventLoop) {
        self.resource = resource
        self.eventLoop = eventLoop
        estimates = PlanEstimates(resource: resource, eventLoop: eventLoop)
    }

    /// Forgets everything: definitions may have changed.
    func invalidate() { tables.removeAll() }

    /// The tables with these OIDs; at once when they are known. nil: the target could not be asked.
    func tables(_ oids: [UInt32], _ handler: @escaping ([UInt32: Table]?) -> Void) {
        let now = monotonicNanoseconds()
        var known: [UInt32: Table] = [:]
        for oid in oids {
            if let entry = tables[oid], now - entry.at < Self.lifetime { known[oid] = entry.table }
        }
        if known.count == Set(oids).count { return handler(known) }
        ask(.oids(oids, handler))
    }

    /// The one table of that name; nil when there is none, or several, or the target could not be asked.
    func table(schema: String?, name: String, _ handler: @escaping (Table?) -> Void) {
        ask(.table(schema: schema, name: name, handler))
    }

    /// Relations by name; nil when the target could not be asked.
    func schema(_ question: SchemaQuestion, _ handler: @escaping (SchemaAnswer?) -> Void) {
        ask(.schema(question, handler))
    }

    private func ask(_ question: Question) {
        guard waiting.count < Self.maximumQuestions else { return answer(question, nil) }
        waiting.append(question)
        next()
    }

    /// Values of a domain are sent as those of its base type, but PostgreSQL says so of rows alone.
    private static let sentType =
        "(WITH RECURSIVE b AS (SELECT t.oid, t.typtype, t.typbasetype FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid "
        + "UNION ALL SELECT t.oid, t.typtype, t.typbasetype FROM b JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype "
        + "WHERE b.typtype = 'd') SELECT b.oid FROM b WHERE b.typtype <> 'd')"

    private func next() {
        guard !isAsking, let question = waiting.first else { return }
        isAsking = true
        let sql: String
        let select =
            "SELECT c.oid, n.nspname, c.relname, a.attnum, a.attname, a.attgenerated <> '', \(Self.sentType), "
            + "c.relkind IN ('r','p') AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid) "
            + "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            + "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        switch question {
        case .oids(let oids, _):
            sql = select + "WHERE c.oid IN (\(oids.map(String.init).joined(separator: ","))) ORDER BY 1, 4"
        case .table(let schema, let name, _):
            let ofSchema = schema.map { " AND n.nspname = \(SQLText.literal($0))" } ?? ""
            sql =
                select
                + "WHERE c.relname = \(SQLText.literal(name))\(ofSchema) AND c.relkind IN ('r','p','f','v','m') ORDER BY 1, 4"
        case .schema(let question, _):
            sql = question.sql
        }
        let isKept = self.connection != nil
        let connection = self.connection ?? CatalogConnection(resource: resource, eventLoop: eventLoop)
        self.connection = connection
        let end = NIODeadline.now() + Self.answerTimeout
        let deadline = eventLoop.scheduleTask(in: Self.answerTimeout) { connection.abandon() }
        connection.query(sql) { [weak self] rows in
            deadline.cancel()
            guard let self else { return }
            self.isAsking = false
            if rows == nil {
                if case .login(let reason)? = connection.failure {
                    StageLog.error("cannot read the catalogue of a resource: \(reason)")
                }
                connection.abandon()
                self.connection = nil
                // One that was kept from before may be gone while the target is not: once more, on a new one.
                if isKept, NIODeadline.now() < end { return self.next() }
            }
            self.answer(self.waiting.removeFirst(), rows)
            self.next()
        }
    }

    private func answer(_ question: Question, _ rows: [[String]]?) {
        switch question {
        case .oids(_, let handler): handler(keep(rows))
        case .table(_, _, let handler):
            let found = keep(rows)
            handler(found?.count == 1 ? found?.values.first : nil)
        case .schema(_, let handler): handler(rows.flatMap(SchemaAnswer.init(rows:)))
        }
    }

    private func keep(_ rows: [[String]]?) -> [UInt32: Table]? {
        guard let found = rows.flatMap(Self.tables(from:)) else { return nil }
        if tables.count + found.count > Self.maximumTables { tables.removeAll() }
        let now = monotonicNanoseconds()
        for (oid, table) in found { tables[oid] = (table, now) }
        return found
    }

    private static func tables(from rows: [[String]]) -> [UInt32: Table]? {
        var result: [UInt32: Table] = [:]
        for row in rows {
            guard row.count == 8, let oid = UInt32(row[0]), let number = Int16(row[3]), let type = UInt32(row[6]) else {
                return nil
            }
            let column = Column(number: number, name: row[4], isGenerated: row[5] == "t", type: type)
            let columns = (result[oid]?.columns ?? []) + [column]
            result[oid] = Table(schema: row[1], name: row[2], isTable: row[7] == "t", columns: columns)
        }
        return result
    }
}
