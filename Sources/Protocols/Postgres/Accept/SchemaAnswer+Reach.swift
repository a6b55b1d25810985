import Contract
import SwiftProtobuf

/// Which relations of an answer belong to a text.
extension SchemaAnswer {
    /// Words without which a text changes no rows that are there.
    static let changing: Set<String> = ["delete", "merge", "update"]

    struct Reach: Equatable {
        var whole: Set<UInt32> = []
        /// Relations whose rows change with those of others: their columns do not matter.
        var byName: Set<UInt32> = []
        var cascades = false
    }

    /// The relations with these names and all that they lead to; where the text may change rows, those too whose rows change
    /// with theirs.
    func reached(from names: Set<String>) -> Reach {
        var reach = Reach()
        follow(names.flatMap { oids[$0] ?? [] }, &reach)
        // A rule may change rows whatever the text does.
        reach.cascades =
            !names.isDisjoint(with: Self.changing)
            || reach.whole.contains { relations[$0]?.relation.rules.isEmpty == false }
        guard reach.cascades else { return reach }
        var pending = Array(reach.whole)
        while let oid = pending.popLast() {
            for other in relations[oid]?.foreignKeys.compactMap({ UInt32($0.oid) }) ?? []
            where !reach.whole.contains(other) {
                guard let entry = relations[other], reach.byName.insert(other).inserted else { continue }
                pending.append(other)
                if entry.relation.rules.isEmpty {
                    addParents(of: entry, &reach)
                } else {
                    // What its rules do is read in all that they lead to.
                    let before = reach.whole
                    follow([other], &reach)
                    pending += reach.whole.subtracting(before)
                }
            }
        }
        reach.byName.subtract(reach.whole)
        return reach
    }

    private func follow(_ oids: [UInt32], _ reach: inout Reach) {
        var pending = oids
        while let oid = pending.popLast() {
            guard reach.whole.insert(oid).inserted, let entry = relations[oid] else { continue }
            pending += entry.leadsTo
        }
    }

    private func addParents(of entry: Entry, _ reach: inout Reach) {
        for parent in entry.leadsTo where reach.byName.insert(parent).inserted {
            if let entry = relations[parent] { addParents(of: entry, &reach) }
        }
    }

    /// As the classifier is told of them.
    func excerpted(_ reach: Reach) -> [Relation] {
        let whole = reach.whole.compactMap { relations[$0] }.map { entry in
            var relation = entry.relation
            if reach.cascades { relation.cascades = cascades(entry) }
            return relation
        }
        let byName = reach.byName.compactMap { relations[$0] }.map { entry in
            Relation.with {
                $0.schema = entry.relation.schema
                $0.name = entry.relation.name
                $0.kind = entry.relation.kind
                $0.parents = entry.relation.parents
                $0.cascades = cascades(entry)
            }
        }
        return whole + byName
    }

    private func cascades(_ entry: Entry) -> [Cascade] {
        entry.foreignKeys.compactMap { foreignKey in
            guard let other = UInt32(foreignKey.oid).flatMap({ relations[$0]?.relation }) else { return nil }
            return Cascade.with {
                $0.schema = other.schema
                $0.name = other.name
                $0.onDelete = foreignKey.delete
                $0.onUpdate = foreignKey.update
                $0.keys = foreignKey.keys
                $0.columns = foreignKey.columns
            }
        }
    }
}
