import Glibc

/// The system's name service.
enum NameLookup {
    enum Answer: Equatable {
        /// Every address, sorted, IPv6 without brackets.
        case found([String])
        /// The name service says that there is none: a service without replicas.
        case unknownName
        case failed(String)
    }

    static func isAddress(_ host: String) -> Bool {
        var buffer = in6_addr()
        return inet_pton(AF_INET, host, &buffer) == 1 || inet_pton(AF_INET6, host, &buffer) == 1
    }

    static func addresses(of host: String) -> Answer {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        // -5: EAI_NODATA, which Glibc declares for GNU sources only (netdb.h).
        guard status == 0 else {
            return status == EAI_NONAME || status == -5 ? .unknownName : .failed(String(cString: gai_strerror(status)))
        }
        var found: Set<String> = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(
                entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            {
                found.insert(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
            next = entry.ai_next
        }
        return .found(found.sorted())
    }
}
