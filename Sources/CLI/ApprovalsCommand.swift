import Approvals
import ArgumentParser
import Configuration
import Foundation

/// `sluice approvals`: held commands, and the reviewers' word on them.
struct ApprovalsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals", abstract: "List, show, approve and deny held commands.",
        discussion: """
            A reviewer acts with a service account's token: SLUICE_TOKEN=NAME:SECRET in the environment. Without it, \
            the owner of the state directory (or root) acts as “operator”, and is recorded as such.
            """,
        subcommands: [List.self, Show.self, Approve.self, Deny.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List held commands, the newest first.")

        @Option(help: "Only those that are pending, approved, denied, expired, used or cancelled.")
        var status: HoldStatus?
        @OptionGroup var config: ConfigOption
        @Option(help: "table or json") var format: OutputFormat = .table

        func run() throws {
            let store = try ApprovalStore(path: config.load().state.approvals)
            try store.expire()
            try ApprovalOutput.print(store.list(status: status), format)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one held command whole.")

        @Argument(help: "The request's id, or its beginning.") var id: String
        @OptionGroup var config: ConfigOption
        @Option(help: "table or json") var format: OutputFormat = .table

        func run() throws {
            let store = try ApprovalStore(path: config.load().state.approvals)
            try store.expire()
            try ApprovalOutput.print(store.find(id), format, now: Date())
        }
    }

    struct Approve: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Approve one held command.")

        @Argument(help: "The request's id, or its beginning.") var id: String
        @Option(help: "Kept with the approval.") var comment = ""
        @OptionGroup var config: ConfigOption
        @Option(help: "table or json") var format: OutputFormat = .table

        func run() throws {
            try ApprovalsCommand.review(id, approved: true, comment: comment, config: config, format: format)
        }
    }

    struct Deny: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deny one held command.")

        @Argument(help: "The request's id, or its beginning.") var id: String
        @Option(help: "Why; the client is told.") var reason: String
        @OptionGroup var config: ConfigOption
        @Option(help: "table or json") var format: OutputFormat = .table

        func run() throws {
            try ApprovalsCommand.review(id, approved: false, comment: reason, config: config, format: format)
        }
    }

    private static func review(
        _ id: String, approved: Bool, comment: String, config: ConfigOption, format: OutputFormat
    ) throws {
        let state = try config.load().state
        let reviewer = try ReviewerIdentity.current(state: state)
        let store = try ApprovalStore(path: state.approvals)
        let request = try store.review(
            id: store.find(id).id, reviewer: reviewer, approved: approved, comment: comment)
        switch format {
        case .json: try ApprovalOutput.print(request, .json, now: Date())
        case .table:
            let approvals = request.reviews.count { $0.approved }
            print(
                "\(request.id) is \(request.status.rawValue) (\(approvals) of \(request.quorum) approvals) by \(reviewer.name)"
            )
        }
    }
}

extension HoldStatus: ExpressibleByArgument {}
