import Foundation
import Glibc
import Supervisor
import Synchronization

/// `sluice-ingress` asked for something and gone again: the process that resolves credentials and opens connections.
enum IngressChild {
    private static let chunk = 64 << 10
    /// What it says on standard error and is kept, in bytes.
    private static let maximumComplaint = 64 << 10

    /// Runs it to its end, and hands over what it writes as it comes. Its three pipes are served at the same time, so that
    /// neither side waits for the other.
    /// - Throws: ``CommandFailure`` with what it says when it fails; what `receive` throws, which ends it.
    static func run(_ arguments: [String], input: Data, receive: (Data) throws -> Void) throws {
        let process = Process()
        process.executableURL = URL(filePath: try Supervisor.programFolder() + "/sluice-ingress")
        process.arguments = arguments
        let (asked, answer, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = asked
        process.standardOutput = answer
        process.standardError = errors
        // It may end without having read everything.
        signal(SIGPIPE, SIG_IGN)
        try process.run()
        let failure = Mutex<Int32>(0)
        let complaint = Mutex(Data())
        let others = DispatchGroup()
        let (writer, reader) = (asked.fileHandleForWriting, errors.fileHandleForReading)
        DispatchQueue.global().async(group: others) {
            let code = feed(input, to: writer)
            failure.withLock { $0 = code }
        }
        DispatchQueue.global().async(group: others) {
            do {
                while let part = try reader.read(upToCount: chunk), !part.isEmpty {
                    complaint.withLock { $0 += part.prefix(maximumComplaint - $0.count) }
                }
            } catch {
                // What was read of it is shown, and the exit code tells that it failed.
            }
        }
        do {
            while let part = try answer.fileHandleForReading.read(upToCount: chunk), !part.isEmpty {
                try receive(part)
            }
        } catch {
            process.terminate()
            process.waitUntilExit()
            others.wait()
            throw error
        }
        process.waitUntilExit()
        others.wait()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let reason = complaint.withLock { String(decoding: $0, as: UTF8.self) }
                .split(separator: "\n").joined(separator: "; ")
            throw CommandFailure(TextTable.printable(reason.isEmpty ? "sluice-ingress failed" : reason))
        }
        // One that ended well without reading everything had no need of it.
        let code = failure.withLock { $0 }
        guard code == 0 || code == EPIPE else {
            throw CommandFailure("sluice-ingress could not be asked: \(String(cString: strerror(code)))")
        }
    }

    /// Writes all and closes. Zero, or what failed.
    private static func feed(_ data: Data, to writer: FileHandle) -> Int32 {
        let code = write(data, to: writer.fileDescriptor)
        do {
            try writer.close()
        } catch {
            return code == 0 ? EIO : code
        }
        return code
    }

    /// Zero, or what write(2) failed with.
    private static func write(_ data: Data, to descriptor: Int32) -> Int32 {
        data.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent)
                if count >= 0 {
                    sent += count
                } else if errno != EINTR {
                    return errno
                }
            }
            return 0
        }
    }
}
