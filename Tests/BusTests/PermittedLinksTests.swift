import Bus
import Testing

@Suite("Permitted links")
struct PermittedLinksTests {
    let links = PermittedLinks(
        requestRoute: ["early", "classifier", "late"], responseRoute: ["masker", "rewriter"])

    /// The whole table: who may send to whom.
    @Test(
        arguments: [
            "ingress": ["approver", "classifier", "early", "ingress", "late", "masker", "recorder", "rewriter"],
            "early": ["ingress"],
            "classifier": ["early", "ingress"],
            "late": ["classifier", "ingress"],
            "approver": ["classifier", "early", "ingress", "late"],
            "masker": ["ingress"],
            "rewriter": ["ingress"],
            "recorder": ["ingress"],
        ])
    func onlyTheseExist(_ receiver: String, _ senders: [String]) {
        #expect(links.senders(to: receiver) == senders)
        for sender in links.senders(to: "ingress") + ["stranger", ""] {
            #expect(links.allow(from: sender, to: receiver) == senders.contains(sender), "\(sender) to \(receiver)")
        }
    }

    @Test func nobodySendsToAStrangeStage() {
        #expect(links.senders(to: "stranger").isEmpty)
        #expect(!links.allow(from: "ingress", to: "stranger"))
    }
}
