// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI

/// What every command that talks to the agent takes.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "The agent's control socket.")
    var socket = ControlPath.defaultSocket

    @Flag(help: "JSON on standard output: times in UTC, sizes in bytes.")
    var json = false

    var client: ControlClient { ControlClient(socket: socket) }
}

/// For commands that look at this machine by themselves, as root.
struct PlaceOptions: ParsableArguments {
    @Option(
        help: "The agent's configuration file, which says where its folders are; without it the agent is asked.")
    var config: String?

    @Option(help: "The agent's control socket.")
    var socket = ControlPath.defaultSocket

    func places() async throws -> AppliancePlaces {
        if let config { return try await AppliancePlaces(configPath: config) }
        do {
            return AppliancePlaces(try await ControlClient(socket: socket).get(ControlPath.status))
        } catch let failure as ControlFailure where failure.code == .unavailable {
            return try await AppliancePlaces(configPath: ApplianceConfiguration.defaultPath)
        }
    }
}

/// For commands that start a job.
struct JobOptions: ParsableArguments {
    @Flag(help: "Return when the job has begun, and do not follow it.")
    var noWait = false
}

struct ConfirmationOption: ParsableArguments {
    @Flag(name: [.short, .long], help: "Do it without asking; needed where nobody can be asked.")
    var yes = false
}

/// A name that goes into a path.
func permitted(group name: String) throws -> String {
    guard CreateGroupRequest.isPermittedName(name) else {
        throw ValidationError(
            "\"\(name)\" cannot be a group's name: 1 to 63 letters, digits, dots, hyphens and underscores, "
                + "beginning with a letter or a digit.")
    }
    return name
}

/// A size as `20GiB`, or bytes.
struct SizeArgument: ExpressibleByArgument {
    let bytes: UInt64
    init?(argument: String) {
        guard let bytes = Quantity.bytes(argument) else { return nil }
        self.bytes = bytes
    }
}

/// A duration as `15m` or `24h`, or seconds.
struct DurationArgument: ExpressibleByArgument {
    let seconds: UInt64
    init?(argument: String) {
        guard let seconds = Quantity.seconds(argument) else { return nil }
        self.seconds = seconds
    }
}

extension PointReference: ExpressibleByArgument {
    /// A point as it is written on a command line; nil for what is none.
    public init?(argument: String) { self.init(argument) }
}
