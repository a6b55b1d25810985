import Bus
import Glibc
import Testing

@testable import Gateway

@Suite("Socket activation")
struct SocketActivationTests {
    private func names(_ environment: [String: String], pid: Int32 = 7) throws -> [String] {
        try SocketActivation(environment: environment, pid: pid).sockets.map { "\($0.descriptor) \($0.name)" }
    }

    @Test func takesWhatIsMeantForThisProcess() throws {
        let environment = ["LISTEN_FDS": "2", "LISTEN_PID": "7", "LISTEN_FDNAMES": "postgres:other"]
        #expect(try names(environment) == ["3 postgres", "4 other"])
        #expect(try names(environment, pid: 8) == [])
        #expect(try names(["LISTEN_FDS": "1", "LISTEN_PID": "7"]) == ["3 "])
        #expect(try names(["LISTEN_FDS": "1", "LISTEN_PID": "x"]) == [])
        #expect(try names([:]) == [])
    }

    @Test func withoutAProcessNumberOnlyBehindALifeline() throws {
        #expect(try names(["LISTEN_FDS": "1", "LISTEN_FDNAMES": "postgres"]) == [])
        #expect(
            try names(["LISTEN_FDS": "1", "LISTEN_FDNAMES": "postgres", "SLUICE_LIFELINE_FD": "4"]) == ["3 postgres"])
    }

    @Test(arguments: ["x", "-1", "65", "99999999999999999999", "1 "])
    func refusesWhatIsNoNumber(_ text: String) {
        #expect(throws: BusError.self) {
            try SocketActivation(environment: ["LISTEN_FDS": text, "LISTEN_PID": "7"], pid: 7)
        }
    }

    @Test func refusesSocketsThatFitNoListener() throws {
        let activation = try SocketActivation(
            environment: ["LISTEN_FDS": "1", "LISTEN_PID": "7", "LISTEN_FDNAMES": "mysql"], pid: 7)
        #expect(throws: BusError.self) { try activation.sockets(for: "postgres", isOnlyListener: false) }
        let none = try SocketActivation(environment: [:], pid: 7)
        #expect(try none.sockets(for: "postgres", isOnlyListener: false) == [])
    }

    @Test func refusesADescriptorThatDoesNotListen() throws {
        // Descriptor 3 of this process is whatever it is; it is no listening TCP socket.
        let activation = try SocketActivation(environment: ["LISTEN_FDS": "1", "LISTEN_PID": "7"], pid: 7)
        #expect(throws: BusError.self) { try activation.sockets(for: "postgres", isOnlyListener: true) }
    }
}

@Suite("Passing on cancel requests")
struct CancelBudgetTests {
    @Test func isBoundedPerSecond() {
        var budget = CancelBudget()
        let second: UInt64 = 1_000_000_000
        let first = (0..<150).map { _ in budget.take(now: 5 * second) }
        #expect(first.filter { $0 }.count == CancelBudget.perSecond)
        let sameSecond = budget.take(now: 6 * second - 1)
        #expect(!sameSecond)
        let nextSecond = budget.take(now: 6 * second)
        #expect(nextSecond)
    }
}
