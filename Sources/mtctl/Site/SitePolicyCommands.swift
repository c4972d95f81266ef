// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import ControlAPI
import Registration
import StoragePrimitives

struct SitePoliciesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "policies", abstract: "Lists the policies.")

    @OptionGroup var site: SiteOptions

    func run() async throws {
        let list = try await site.client().policies()
        if site.json { return Console.current.json(list) }
        Console.current.print(table(list.policies))
    }
}

/// Two lines a policy: one for each direction.
private func table(_ policies: [SitePolicy]) -> Table {
    var table = Table("POLICY", "DIRECTION", "RPO", "RETENTION", "APP-CONSISTENT", "QUOTA")
    for policy in policies {
        for direction in ReplicationDirection.allCases {
            let promise = SiteWords.policy(policy, direction)
            table.add(
                direction == .failback ? policy.name : "", direction.rawValue,
                Quantity.describe(seconds: promise.rpoThresholdSeconds),
                Quantity.describe(seconds: promise.retentionSeconds),
                "every \(Quantity.describe(seconds: promise.applicationConsistentSeconds))",
                promise.quotaBytes.map { "\(ByteCount($0))" } ?? "none")
        }
    }
    return table
}

struct SitePolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "What groups promise, in both directions.",
        subcommands: [Set.self, Show.self, Delete.self])

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a policy, or changes what is named of one; groups that have it follow.")

        @Argument(help: "Its name.") var name: String
        @Option(help: "Failback: age of the newest change beyond which an event is raised.")
        var failbackRpo: DurationArgument?
        @Option(help: "Failback: how far back history reaches.") var failbackRetention: DurationArgument?
        @Option(help: "Failback: interval of application-consistent points.")
        var failbackAppConsistent: DurationArgument?
        @Option(help: "Failback: the most room a group's history may take, or none.") var failbackQuota: QuotaArgument?
        @Option(help: "As --failback-rpo, of the other direction.") var forwardRpo: DurationArgument?
        @Option(help: "As --failback-retention, of the other direction.") var forwardRetention: DurationArgument?
        @Option(help: "As --failback-app-consistent, of the other direction.")
        var forwardAppConsistent: DurationArgument?
        @Option(help: "As --failback-quota, of the other direction.") var forwardQuota: QuotaArgument?
        @OptionGroup var site: SiteOptions

        func validate() throws {
            _ = try permitted(name, of: "a policy")
            // What does not hang on a policy that is there.
            var policy = SitePolicy(name: name)
            change(&policy)
            if let complaint = policy.complaint { throw ValidationError(complaint) }
        }

        func run() async throws {
            let console = Console.current
            let client = try site.client()
            var policy = try await client.policies().policies.first { $0.name == name } ?? SitePolicy(name: name)
            change(&policy)
            let saved = try await client.save(policy)
            if site.json { return console.json(saved) }
            console.print(table([saved]))
        }

        private func change(_ policy: inout SitePolicy) {
            change(&policy.failback, failbackRpo, failbackRetention, failbackAppConsistent, failbackQuota)
            change(&policy.forward, forwardRpo, forwardRetention, forwardAppConsistent, forwardQuota)
        }

        private func change(
            _ policy: inout GroupPolicy, _ rpo: DurationArgument?, _ retention: DurationArgument?,
            _ interval: DurationArgument?, _ quota: QuotaArgument?
        ) {
            if let rpo { policy.rpoThresholdSeconds = rpo.seconds }
            if let retention { policy.retentionSeconds = retention.seconds }
            if let interval { policy.applicationConsistentSeconds = interval.seconds }
            if let quota { policy.quotaBytes = quota.bytes }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a policy.")

        @Argument(help: "Its name.") var name: String
        @OptionGroup var site: SiteOptions

        func validate() throws { _ = try permitted(name, of: "a policy") }

        func run() async throws {
            let policy = try await site.client().policy(name)
            if site.json { return Console.current.json(policy) }
            Console.current.print(table([policy]))
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a policy that no group has.")

        @Argument(help: "Its name.") var name: String
        @OptionGroup var site: SiteOptions

        func validate() throws { _ = try permitted(name, of: "a policy") }

        func run() async throws {
            let policy = try await site.client().deletePolicy(name)
            if site.json { return Console.current.json(policy) }
            Console.current.print("Policy \(policy.name) is removed.")
        }
    }
}

/// A size, or `none` for no limit.
struct QuotaArgument: ExpressibleByArgument {
    let bytes: UInt64?
    init?(argument: String) {
        if argument == "none" {
            bytes = nil
        } else {
            guard let size = SizeArgument(argument: argument) else { return nil }
            bytes = size.bytes
        }
    }
}

/// A name that goes into a path.
func permitted(_ name: String, of what: String) throws -> String {
    guard CreateGroupRequest.isPermittedName(name) else {
        throw ValidationError(
            "\"\(name)\" cannot be the name of \(what): 1 to 63 letters, digits, dots, hyphens and underscores, "
                + "beginning with a letter or a digit.")
    }
    return name
}
