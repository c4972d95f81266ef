// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import HostPreparation
import LinuxSystem
import StateFiles
import Synchronization
import Testing
import mtctl

struct PreviewAddressTests {
    @Test(arguments: [
        "unix:relative", "unix:/" + String(repeating: "x", count: 107), "host", "host:", ":1", "host:0", "host:65536",
        "a:b:1", "[]:1", "[host]:1", "", "unix:",
    ])
    func `what is no address is refused`(text: String) { #expect(PreviewAddress(text) == nil) }

    @Test(arguments: [
        ("unix:/run/a b.sock", "nbd+unix:///preview:1/web%20root%3F?socket=/run/a%20b.sock", false),
        ("127.0.0.1:10809", "nbds://127.0.0.1:10809/preview:1/web%20root%3F", true),
        ("[::1]:7", "nbds://[::1]:7/preview:1/web%20root%3F", true),
    ])
    func `an address is what clients are given`(text: String, uri: String, isOnNetwork: Bool) throws {
        let address = try #require(PreviewAddress(text))
        #expect(address.uri(of: "preview:1/web root?") == uri)
        #expect(address.isOnNetwork == isOnNetwork)
        #expect(try JSON.decode(PreviewAddress.self, from: JSON.encode(address)) == address)
    }

    /// Remembers what it was asked to run.
    private final class Runner: CommandRunner {
        let commands = Mutex<[String]>([])
        let failing: String

        init(failing: String = "nothing") { self.failing = failing }

        func run(_ command: String) -> String? {
            commands.withLock { $0.append(command) }
            return command.contains(failing) ? "it failed" : nil
        }
    }

    @Test func `names are one word for the shell, whatever is in them`() throws {
        let runner = Runner()
        try ImageTool(runner: runner).copy(
            from: "nbd+unix:///a", to: "it's; rm -rf $HOME", format: "qcow2", isThere: false, shows: false)
        let commands = runner.commands.withLock { $0 }
        #expect(commands.count == 3)
        for command in commands.dropFirst() { #expect(command.contains(#"'it'\''s; rm -rf $HOME'"#)) }
    }

    @Test(arguments: [
        ("command -v", "not installed"), ("convert", "could not be written"), ("compare", "does not hold"),
    ])
    func `what fails is told with what it means`(step: String, words: String) {
        let failure = #expect(throws: ControlFailure.self) {
            try ImageTool(runner: Runner(failing: step)).copy(
                from: "nbd+unix:///a", to: "b", format: "raw", isThere: true, shows: false)
        }
        #expect(failure?.message.contains(words) == true)
    }
}
