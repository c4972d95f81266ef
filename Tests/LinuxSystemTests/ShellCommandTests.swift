// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import Testing

@Suite struct ShellCommandTests {
    static func run(_ command: String, timeout: Int64 = 10_000_000_000) -> String? {
        ShellCommand.run(command, environment: ["MT_GROUP=g"], timeout: timeout, clock: MachineSteadyClock())
    }

    @Test func `what a command does decides`() {
        #expect(Self.run("true") == nil)
        #expect(Self.run("test \"$MT_GROUP\" = g && test -n \"$PATH\"") == nil)
        #expect(Self.run("exit 3") == "the command ended with status 3")
        #expect(Self.run("kill -9 $$") == "the command was ended by signal 9")
        #expect(Self.run("cat < /dev/null | grep x")?.contains("status 1") == true)
    }

    @Test func `a command that hangs is killed with what it started`() {
        #expect(Self.run("sleep 1000 | cat", timeout: 50_000_000)?.contains("killed") == true)
    }
}
