import Testing

/// Each file operation of a recording fails once, in every way that it can.
@Suite struct SweepTests {
    @Test(arguments: SweepFiles.Fault.allCases, [false, true])
    func noOperationThatFailsLosesARecord(_ fault: SweepFiles.Fault, isEncrypted: Bool) throws {
        let folder = try Scratch()
        let recipient = isEncrypted ? try KeyPair("reader", KeyPair.x25519, in: folder.path) : nil
        // A short write is nothing that a process notices.
        for aftermath in SweepRun.Aftermath.allCases where fault != .short || aftermath == .retry {
            var number = 1
            while true {
                var run = try SweepRun(fault, at: number, aftermath, recipient: recipient)
                try run.run()
                guard run.files.hasFailed else { break }
                number += 1
            }
            // Two starts, two segments and more.
            #expect(number > 10, "\(fault) has befallen \(number - 1) operations")
            print("sweep: \(fault), encrypted \(isEncrypted), \(aftermath): \(number - 1) operations failed")
        }
    }
}
