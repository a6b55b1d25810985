/// What rules say of a value within a document.
struct Standing {
    /// How far a rule's path has come on the way to the value (``ValuePath``).
    struct Place: Hashable {
        let rule: Int
        let place: Int
    }

    /// Numbers of the columns' rules that are about all of it.
    var whole: [Int] = []
    var places: [Place] = []
    /// The value is a column's, or one of its array: a rule with a path that is about it.
    var column: Int?
    /// The number of the rule about all of it that these come to.
    var rule: Int?

    mutating func add(_ rule: Int, _ place: Int) {
        let place = Place(rule: rule, place: place)
        if !places.contains(place) { places.append(place) }
    }
}
