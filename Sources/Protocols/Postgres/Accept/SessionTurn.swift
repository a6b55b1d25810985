/// How many commands a session has taken in the present turn of its event loop.
struct SessionTurn {
    var isScheduled = false
    private var number: UInt64 = 0
    private var taken = 0

    /// `number`: the loop's turn.
    func isUsedUp(in number: UInt64) -> Bool {
        number == self.number && taken >= PostgresSession.commandsPerTurn
    }

    mutating func take(in number: UInt64) {
        if number != self.number {
            self.number = number
            taken = 0
        }
        taken += 1
    }
}
