// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import LinuxSystem

@main
struct Main {
    static func main() async {
        Terminal.exit(await Program.run(Array(CommandLine.arguments.dropFirst()), console: .terminal))
    }
}
