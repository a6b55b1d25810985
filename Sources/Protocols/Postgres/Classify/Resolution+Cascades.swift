import CPgQuery
import Contract

/// What foreign keys do to other tables. PostgreSQL manual, 5.4.5.
extension Resolution {
    /// Adds the rows of other tables that the targets so far take with them. False: there is nothing new.
    mutating func cascade(_ tracer: LineageTracer) -> Bool {
        let targets = tracer.targets.count
        let updated = tracer.updated.count
        for target in tracer.targets {
            for foreignKey in index.relations[target.relation].cascades {
                switch target.event {
                case PG_QUERY__CMD_TYPE__CMD_DELETE.rawValue: change(foreignKey, foreignKey.onDelete, nil, tracer)
                case PG_QUERY__CMD_TYPE__CMD_UPDATE.rawValue:
                    let name = index.name(target.relation)
                    let keys = foreignKey.keys.map { tracer.number(of: $0, in: target.relation, named: name) }
                    guard keys.contains(where: tracer.updated.contains) else { continue }
                    change(foreignKey, foreignKey.onUpdate, keys, tracer)
                default: break
                }
            }
        }
        return tracer.targets.count > targets || tracer.updated.count > updated
    }

    /// - Parameter keys: the changed columns whose values go along; nil: the rows are deleted.
    private mutating func change(_ foreignKey: Cascade, _ action: String, _ keys: [Int32]?, _ tracer: LineageTracer) {
        guard !action.isEmpty else { return }
        let found = index.relations(schema: foreignKey.schema, name: foreignKey.name, path: .definition)
        if found.isEmpty {
            let name = TableName.joined([foreignKey.schema, foreignKey.name])
            written.insert(name)
            unresolved.insert(name)
        }
        let isDeleted = action == "c" && keys == nil
        let event = isDeleted ? PG_QUERY__CMD_TYPE__CMD_DELETE : PG_QUERY__CMD_TYPE__CMD_UPDATE
        for relation in found {
            written.formUnion(names(of: relation))
            tracer.addTarget(LineageTracer.Target(relation: relation, event: event.rawValue))
            guard !isDeleted else { continue }
            for (place, column) in foreignKey.columns.enumerated() {
                let number = tracer.number(of: column, in: relation, named: index.name(relation))
                let source = keys.flatMap { action == "c" && place < $0.count ? tracer.flows[$0[place]] : nil }
                tracer.assign(source ?? Value(), to: [number])
                tracer.update([number])
            }
        }
    }
}

extension LineageTracer {
    /// A column of a relation that the excerpt may have by its name alone.
    fileprivate func number(of column: String, in relation: Int, named name: String) -> Int32 {
        guard let index, let place = index.relations[relation].columns.firstIndex(of: column) else {
            return names.number(table: name, column: column)
        }
        return table(relation).first + Int32(place)
    }
}
