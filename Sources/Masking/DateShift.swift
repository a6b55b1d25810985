/// Moves dates by a number of days that depends on the date and the key: equal dates move equally, no date stays.
struct DateShift {
    /// 4714-11-24 BC and 294276-12-31: what PostgreSQL's timestamps hold (manual, section 8.5), in days since 2000-01-01.
    static let days = -2_451_545...106_751_982

    private let hash: KeyedHash

    init(_ hash: KeyedHash) { self.hash = hash }

    /// - Returns: nil when the day or the moved one is none of PostgreSQL's.
    func moved(_ day: Int, by days: Int) -> Int? {
        guard DateShift.days.contains(day) else { return nil }
        let code: [UInt8]
        do {
            code = try hash.code(Array(String(day).utf8))
        } catch {
            return nil  // Without a hash there is no date, and the value is NULL.
        }
        let number = code[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let place = Int(number % UInt64(2 * days))
        let moved = day + (place < days ? place - days : place - days + 1)
        return DateShift.days.contains(moved) ? moved : nil
    }
}
