import Configuration
import Contract
import Detection
import Foundation
import Identity
import Policy
import PolicyDetectors
import PolicyFiles
import PolicyTesting

/// Reads rows of a resource's tables through the gateway.
struct SchemaSampler {
    /// One table, and what the policy says of reading it.
    struct Table {
        let schema: String
        let name: String
        let columns: [String]
        let sql: String
        /// By column: it comes masked.
        let isMasked: [Bool]
        /// Columns that are asked for, in the order of each row's values: those that come as they are.
        let asked: [Int]
        /// Columns of which each row also says, in outputs after those, whether there is a value that is not empty.
        let told: [Int]
        /// What detectors' masks leave no sign of that could be told: in other styles than `redact`.
        let hidden: [String]
    }

    private static let systemSchemas = ["pg_catalog", "information_schema", "pg_toast"]
    /// Characters of a value that are looked at.
    private static let maximumValue = 4096
    /// MaxTupleAttributeNumber, htup_details.h.
    private static let maximumOutputs = 1664

    let resource: Resource
    let configuration: Configuration
    let account: GatewayAccount
    let catalog: Catalog
    let policy: PolicySet

    /// Every detector of Sluice's own and of the policy.
    static func engine(_ files: PolicyFiles) throws -> DetectionEngine {
        let own = try DefinedDetectors.detection(of: files)
        return try DetectionEngine(entities: Entity.all, custom: own.detectors, dictionaries: own.dictionaries)
    }

    /// Hands over each table in order, as it is answered. Those that time did not reach have an empty answer.
    func run(rows: Int, seconds: Int, total: Int, _ receive: (Table, GatewayQuestion.Answer) -> Void) throws {
        let tables = try self.tables(rows: rows)
        let question = GatewayQuestion(
            tables.map(\.sql), name: "sluice classify-schema", account: account, seconds: seconds,
            secondsForAll: total, maximumValue: Self.maximumValue, tellsMessages: false)
        var next = 0
        try question.ask(resource, of: configuration) { place, answer in
            receive(tables[place], answer)
            next = place + 1
        }
        for table in tables[next...] { receive(table, GatewayQuestion.Answer()) }
    }

    /// Tables and partitioned tables, with what the policy does to them. A view's columns and a partition's are masked with
    /// those of the tables that they come from.
    private func tables(rows: Int) throws -> [Table] {
        let principal = try principal()
        let time = Int64(Date().timeIntervalSince1970)
        return catalog.relations.filter { relation in
            ["r", "p", "f"].contains(relation.kind) && relation.parents.isEmpty && !relation.columns.isEmpty
                && !Self.systemSchemas.contains(relation.schema)
        }.map { relation in
            func judgement(_ sql: String) -> Judgement? {
                CommandClassifier.facts(of: Array(sql.utf8), protocol: resource.protocolName, catalog: catalog).map {
                    policy.decide(
                        facts: $0, principal: principal, resource: resource.name, purpose: .statement,
                        circumstances: Circumstances(time: time, resourceLabels: resource.labels))
                }
            }
            let all = Array(relation.columns.indices)
            let whole = judgement(Self.statement(of: relation, all, telling: [], rows: rows))
            let isMasked = all.map { whole?.mask.reaches($0) ?? false }
            // Where a column rule masks a column, what is made of it is masked too, and it may not come at all.
            let asked = all.filter { !isMasked[$0] }
            var sql = Self.statement(of: relation, asked, telling: [], rows: rows)
            var judged = judgement(sql)
            var told = Array(asked.prefix(Self.maximumOutputs - asked.count))
            let telling = Self.statement(of: relation, asked, telling: told, rows: rows)
            if let judgement = judgement(telling), judgement.verdict == judged?.verdict {
                (sql, judged) = (telling, judgement)
            } else {
                told = []
            }
            return Table(
                schema: relation.schema, name: relation.name, columns: relation.columns, sql: sql, isMasked: isMasked,
                asked: asked, told: told,
                hidden: judged?.mask.detectors.filter { $0.style != .redact }.flatMap(\.entities) ?? [])
        }
    }

    private static func statement(of relation: Relation, _ asked: [Int], telling told: [Int], rows: Int) -> String {
        let columns = relation.columns.map(SQLText.identifier)
        let outputs = (asked.map { columns[$0] } + told.map { "\(columns[$0])::text <> ''" }).joined(separator: ", ")
        return
            "SELECT \(outputs) FROM \(SQLText.identifier(relation.schema)).\(SQLText.identifier(relation.name)) LIMIT \(rows)"
    }

    private func principal() throws -> Principal {
        var principal = Principal()
        principal.name = account.name
        guard FileManager.default.fileExists(atPath: configuration.state.identities) else { return principal }
        let known = try IdentityStore(path: configuration.state.identities).find(account.name)
        principal.groups = known?.groups ?? []
        principal.labels = known?.labels ?? [:]
        return principal
    }
}

extension MaskPlan {
    /// Whether column rules mask that output.
    fileprivate func reaches(_ output: Int) -> Bool {
        allOutputs || outputs.contains { Int($0.index) == output } || computedOutputs.contains(UInt32(output))
    }
}
