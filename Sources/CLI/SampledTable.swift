import Detection

/// What a sample of one table says of its columns; no value of it is kept.
struct SampledTable {
    struct Column {
        let name: String
        let isMasked: Bool
        /// Values that are neither NULL nor empty, and were looked at.
        let values: Int
        /// Rows in which a detector's mask made the value NULL, or one that could not be read was withheld.
        let withheld: Int
        let findings: [Finding]
    }

    /// One kind of data that a column seems to hold.
    struct Finding {
        let entity: String
        let kind: Kind
        /// Values with it, those included in which a detector's mask stands for it.
        let hits: Int
        let isNamedSo: Bool
    }

    enum Kind {
        case personal, credential
        /// The policy's detectors say what it is.
        case own

        init(_ entity: Entity) {
            if Entity.secrets.contains(entity) {
                self = .credential
            } else {
                self = Entity.all.contains(entity) ? .personal : .own
            }
        }
    }

    let name: String
    /// As a pattern for columns writes them.
    let schema: String
    let rows: Int
    let failure: String?
    let isReached: Bool
    let hidden: [String]
    let columns: [Column]

    init(_ table: SchemaSampler.Table, _ answer: GatewayQuestion.Answer, _ engine: DetectionEngine) {
        name = table.name
        schema = table.schema
        let width = table.asked.count + table.told.count
        let isWhole = answer.rows?.allSatisfy { $0.count == width } ?? true
        let rows = isWhole ? answer.rows ?? [] : []
        self.rows = rows.count
        failure = isWhole ? answer.failure : "it has other columns than were asked for: the policy has changed"
        hidden = table.hidden
        isReached = answer.rows != nil || answer.failure != nil
        columns = table.columns.indices.map { index in
            let name = table.columns[index]
            guard let place = table.asked.firstIndex(of: index) else {
                return Column(name: name, isMasked: true, values: 0, withheld: 0, findings: [])
            }
            let values = rows.compactMap { row in row[place].flatMap { $0.isEmpty ? nil : $0 } }
            let teller = table.told.firstIndex(of: index).map { $0 + table.asked.count }
            let withheld = rows.count { row in
                guard let teller else { return false }
                return row[place] == nil && row[teller] == "t"
            }
            let (searched, findings) = Self.findings(values, name, engine)
            return Column(name: name, isMasked: false, values: searched, withheld: withheld, findings: findings)
        }
    }

    /// - Returns: in how many of the values it was looked, and what was found there.
    private static func findings(
        _ values: [String], _ column: String, _ engine: DetectionEngine
    ) -> (searched: Int, findings: [Finding]) {
        let context = engine.context(column: column)
        let named = engine.entities(column: column)
        var hits: [Entity: Int] = [:]
        var found: [Detection.Finding] = []
        var searched = 0
        for value in values {
            found.removeAll(keepingCapacity: true)
            do {
                try Array(value.utf8).withUnsafeBytes { try engine.findings(in: $0, context: context, into: &found) }
            } catch {
                continue  // The detectors cannot look at it: it counts as none that was seen.
            }
            searched += 1
            var entities = Set(found.map(\.entity))
            for entity in engine.entities where value.contains("[redacted:\(engine.name(of: entity))]") {
                entities.insert(entity)
            }
            for entity in entities { hits[entity, default: 0] += 1 }
        }
        let findings = engine.entities.filter { hits[$0] != nil || named.contains($0) }.map { entity in
            Finding(
                entity: engine.name(of: entity), kind: Kind(entity),
                hits: hits[entity] ?? 0, isNamedSo: named.contains(entity))
        }.sorted { $0.hits > $1.hits }
        return (searched, findings)
    }
}
