extension StrictNode {
    /// Letters that a mistyped word differs by at most.
    static let mostTypos = 2

    /// The one of `known` that `text` may be a slip of.
    public static func nearest(to text: String, among known: [String]) -> String? {
        if let other = known.first(where: { $0.lowercased() == text.lowercased() }) { return other }
        return known.map { ($0, editDistance($0, text)) }.filter { $0.1 <= mostTypos }.min { $0.1 < $1.1 }?.0
    }
}

func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a.utf8)
    let b = Array(b.utf8)
    var row = Array(0...b.count)
    for i in 0..<a.count {
        var diagonal = row[0]
        row[0] = i + 1
        for j in 0..<b.count {
            let substitution = diagonal + (a[i] == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[b.count]
}
