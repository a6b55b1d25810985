/// What rules say of a value within a document.
struct Standing {
    /// How far a rule's path has come on the way to the value (``ValuePath``).
    struct Place {
        let rule: Int
        let place: Int
    }

    /// A step into an object or an array, on which nothing but this depends.
    struct Step: Hashable {
        enum Kind: Hashable {
            case element
            /// By the number of the name among those in paths.
            case member(NameTable.StepName)
        }

        let kind: Kind
        let places: PlaceSet
        /// Of a member's own name.
        let rules: [Int]
        let column: Int?
    }

    /// Numbers of the columns' rules that are about all of it.
    var whole: [Int] = []
    var places = PlaceSet()
    /// The value is a column's, or one of its array: a rule with a path that is about it.
    var column: Int?
    /// The number of the rule about all of it that these come to.
    var rule: Int?
}
