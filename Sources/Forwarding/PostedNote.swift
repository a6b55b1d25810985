import CCurl

/// Single requests to a receiver that may answer with something.
public struct PostedNote: Sendable {
    private static let seconds = 30

    private let url: String
    private let authorities: String?

    /// - Parameter authorities: a PEM file, instead of the system's.
    public init(to url: String, authorities: String?) {
        self.url = url
        self.authorities = authorities
    }

    /// Posts and returns the body of the answer.
    ///
    /// - Parameter limit: bytes of an answer; a longer one is a failure.
    /// - Throws: `refused` when the answer is none of 2xx, `connection` without a whole answer.
    public func send(_ body: [UInt8], contentType: String, limit: Int) throws(ForwardError) -> [UInt8] {
        let handle = try CurlHandle()
        try handle.preparePost(url, authorities: authorities, seconds: Self.seconds, agent: "sluice")
        let answer = Answer(limit: limit)
        try handle.give(to: Unmanaged.passUnretained(answer).toOpaque()) {
            Answer.from($3)?.take($0, $1 * $2) ?? 0
        }
        do throws(ForwardError) {
            try handle.post(body, headers: ["content-type: " + contentType, "expect:"])
        } catch {
            guard !answer.isTooLong else { throw ForwardError(.refused, "the answer is too long") }
            throw error
        }
        try handle.judge()
        return answer.bytes
    }
}

private final class Answer {
    private(set) var bytes: [UInt8] = []
    private(set) var isTooLong = false
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    static func from(_ context: UnsafeMutableRawPointer?) -> Answer? {
        context.map { Unmanaged<Answer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Fewer bytes than given end the transfer (CURLOPT_WRITEFUNCTION).
    func take(_ piece: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard bytes.count + count <= limit else {
            isTooLong = true
            return 0
        }
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: piece, count: count))
        return count
    }
}
