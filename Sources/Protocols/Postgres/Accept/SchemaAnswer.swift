import Contract
import Foundation
import SwiftProtobuf

/// What the target says of some names.
struct SchemaAnswer: Equatable {
    /// Effective schemas of a new session of the resource's role, implicit ones too.
    var searchPath: [String] = []
    var relations: [UInt32: Entry] = [:]
    private(set) var oids: [String: [UInt32]] = [:]

    struct Entry: Equatable {
        var relation: Relation
        /// Relations that its query or its inheritance leads to.
        var leadsTo: [UInt32]
        /// Foreign keys by which rows of others change with its own.
        var foreignKeys: [ForeignKey] = []
    }

    struct ForeignKey: Equatable, Decodable {
        /// Of the relation that refers to it.
        let oid: String
        /// As pg_constraint has them; empty: nothing happens.
        let delete: String
        let update: String
        let keys: [String]
        let columns: [String]
    }

    init() {}

    /// From the rows of ``SchemaQuestion/sql``; nil when they are not of its form.
    init?(rows: [[String]]) {
        for row in rows {
            switch row.first {
            case "path" where row.count == 2:
                guard let path = Self.texts(row[1]) else { return nil }
                searchPath = path
            case "relation" where row.count == 11:
                guard let oid = UInt32(row[1]), let columns = Self.texts(row[5]), let rules = Self.texts(row[7]),
                    let leadsTo = Self.texts(row[8])?.compactMap({ UInt32($0) }),
                    let foreignKeys: [ForeignKey] = Self.list(row[10])
                else { return nil }
                var relation = Relation()
                relation.schema = row[2]
                relation.name = row[3]
                relation.kind = row[4]
                relation.columns = columns
                relation.definition = row[6]
                relation.rules = rules
                relation.notNull = row[9].utf8.enumerated().filter { $1 == UInt8(ascii: "1") }.map { UInt32($0.offset) }
                relations[oid] = Entry(relation: relation, leadsTo: leadsTo, foreignKeys: foreignKeys)
                oids[relation.name, default: []].append(oid)
            case "parent" where row.count == 3:
                guard let oid = UInt32(row[1]), let parent = UInt32(row[2]) else { return nil }
                parents.append((oid, parent))
            default: return nil
            }
        }
        guard !searchPath.isEmpty, foreignKeysAreWhole else { return nil }
        for (oid, parent) in parents {
            guard let name = relations[parent]?.relation else { return nil }
            relations[oid]?.relation.parents.append(
                RelationName.with {
                    $0.schema = name.schema
                    $0.name = name.name
                })
            relations[oid]?.leadsTo.append(parent)
        }
        parents = []
    }

    private var parents: [(UInt32, UInt32)] = []

    private var foreignKeysAreWhole: Bool {
        relations.values.allSatisfy { entry in
            entry.foreignKeys.allSatisfy { foreignKey in UInt32(foreignKey.oid).map { relations[$0] != nil } ?? false }
        }
    }

    static func == (a: SchemaAnswer, b: SchemaAnswer) -> Bool {
        a.searchPath == b.searchPath && a.relations == b.relations
    }

    func isNamed(_ name: String) -> Bool { oids[name] != nil }

    /// Whether an excerpt depends on the word.
    func concerns(_ word: String) -> Bool { isNamed(word) || Self.changing.contains(word) }

    /// Whether it says otherwise than `former` of any of `names`, or of what these lead to.
    func differs(from former: SchemaAnswer, about names: Set<String>) -> Bool {
        guard searchPath == former.searchPath else { return true }
        let mine = reached(from: names)
        let theirs = former.reached(from: names)
        guard mine == theirs else { return true }
        return mine.whole.union(mine.byName).contains { relations[$0] != former.relations[$0] }
    }

    /// Whether this answer and one about the further names `other` tells of can stand beside each other: nothing that
    /// both speak of differs, and nothing has appeared under `names`, which this one is about.
    func agrees(with other: SchemaAnswer, about names: Set<String>) -> Bool {
        searchPath == other.searchPath
            && other.relations.allSatisfy { oid, entry in
                if let known = relations[oid] { return known == entry }
                return !names.contains(entry.relation.name) && !isTaken(entry.relation)
            }
    }

    /// Another relation was known by its name.
    private func isTaken(_ relation: Relation) -> Bool {
        oids[relation.name]?.contains { relations[$0]?.relation.schema == relation.schema } ?? false
    }

    /// Adds what `other`, which agrees, says of further names.
    mutating func add(_ other: SchemaAnswer) {
        for (oid, entry) in other.relations where relations.updateValue(entry, forKey: oid) == nil {
            oids[entry.relation.name, default: []].append(oid)
        }
    }

    /// A serialised `Catalog` of the relations with these names and all that they lead to; nil when it would be larger than
    /// `limit` bytes.
    func excerpt(naming names: Set<String>, pathKnown: Bool, limit: Int) -> [UInt8]? {
        do {
            let catalog = catalog(of: excerpted(reached(from: names)), pathKnown: pathKnown)
            let bytes: [UInt8] = try catalog.serializedBytes()
            return bytes.count <= limit ? bytes : nil
        } catch {
            return nil
        }
    }

    /// Everything in it.
    var catalog: Contract.Catalog {
        catalog(of: excerpted(Reach(whole: Set(relations.keys), cascades: true)), pathKnown: true)
    }

    private func catalog(of relations: [Relation], pathKnown: Bool) -> Contract.Catalog {
        var catalog = Contract.Catalog()
        catalog.complete = true
        if pathKnown { catalog.searchPath = searchPath }
        catalog.relations = relations.sorted { ($0.schema, $0.name) < ($1.schema, $1.name) }
        return catalog
    }

    private static func texts(_ json: String) -> [String]? { list(json) }

    private static func list<Element: Decodable>(_ json: String) -> [Element]? {
        guard !json.isEmpty else { return [] }
        do {
            return try JSONDecoder().decode([Element].self, from: Data(json.utf8))
        } catch {
            return nil
        }
    }
}
