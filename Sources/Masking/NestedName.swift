/// Names of form fields and CSV columns that say what encloses their values, as frameworks write them: `user[email]`, `users[0][email]`,
/// `tags[]`, `user.email`.
enum NestedName {
    /// The names from the outermost inwards; nil for an element of an array. One alone when the name says nothing of the kind.
    static func parts(_ name: [UInt8]) -> [[UInt8]?] {
        // A longer one is not read.
        guard name.count <= NameTable.maximumNameBytes else { return [name] }
        return name.split(omittingEmptySubsequences: false) { $0 == 0x2e || $0 == 0x5b || $0 == 0x5d }.enumerated()
            .compactMap { index, part -> [UInt8]?? in
                if index > 0, part.isEmpty || part.allSatisfy({ $0 &- 0x30 < 10 }) { return .some(nil) }
                return .some(Array(part))
            }
    }
}
