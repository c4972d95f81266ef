// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import LinuxSystem
import Registration
import StateFiles
import StoragePrimitives
import UnixSignals

/// Where the output goes and whether a person reads it. Tests put their own in its place.
package struct Console: Sendable {
    /// Output is a terminal: progress bars and pictures make sense.
    package var isTerminal: Bool
    /// Someone can be asked.
    package var isInteractive: Bool
    package var hasColor: Bool
    package var width: Int
    package var write: @Sendable (String) -> Void
    package var writeError: @Sendable (String) -> Void
    package var readLine: @Sendable () -> String?
    /// Between two looks of a command that goes on looking.
    package var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// A variable of the environment.
    package var environment: @Sendable (String) -> String? = { Terminal.environment($0) }
    /// The wall clock, for how long ago something was.
    package var now: @Sendable () -> Timestamp = { SystemClock().now() }
    /// Returns when the person wants to stop looking (ctrl-C), which then does not end the program.
    package var interruption: @Sendable () async -> Void = {
        for await _ in await UnixSignalsSequence(trapping: .sigint) { return }
    }

    @TaskLocal package static var current = Console.terminal

    package init(
        isTerminal: Bool, isInteractive: Bool, hasColor: Bool, width: Int, write: @escaping @Sendable (String) -> Void,
        writeError: @escaping @Sendable (String) -> Void, readLine: @escaping @Sendable () -> String?
    ) {
        self.isTerminal = isTerminal
        self.isInteractive = isInteractive
        self.hasColor = hasColor
        self.width = width
        self.write = write
        self.writeError = writeError
        self.readLine = readLine
    }

    package static var terminal: Console {
        let isTerminal = Terminal.isOutput
        // no-color.org: any value but an empty one.
        let refusesColor = Terminal.environment("NO_COLOR").map { !$0.isEmpty } ?? false
        return Console(
            isTerminal: isTerminal, isInteractive: isTerminal && Terminal.isInput,
            hasColor: isTerminal && !refusesColor,
            width: isTerminal ? Terminal.width : 100, write: { Terminal.write($0) },
            writeError: { Terminal.write($0, toError: true) }, readLine: { Terminal.readLine() })
    }

    func print(_ line: String) { write(line + "\n") }
    func fail(_ line: String) { writeError(line + "\n") }

    /// One value on one line.
    func json(_ value: some Encodable) {
        do {
            print(Self.escaped(String(decoding: try JSON.encode(value), as: UTF8.self)))
        } catch {
            fail("The answer cannot be written as JSON: \(error).")
        }
    }

    /// The same JSON without a character that a terminal would act on: encoders escape those below U+0020 alone.
    private static func escaped(_ json: String) -> String {
        guard !json.unicodeScalars.allSatisfy(Printable.isPrintable) else { return json }
        return json.unicodeScalars.map { scalar in
            guard !Printable.isPrintable(scalar) else { return String(scalar) }
            return String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }.joined()
    }

    enum Color: Int {
        case red = 31
        case green = 32
        case yellow = 33
    }

    func colored(_ text: String, _ color: Color) -> String {
        hasColor ? "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Rows of a table, cut to the width of a terminal; whole where no person reads them.
    func print(_ table: Table) {
        for line in table.lines(fitting: isTerminal ? width : nil) { print(line) }
    }

    func print(_ sheet: Sheet) {
        for line in sheet.lines { print(line) }
    }

    /// Says what will be lost and asks for the word; without someone to ask, wants `--yes`.
    func confirm(_ consequence: String, yes: Bool) throws(ControlFailure) {
        if yes { return }
        guard isInteractive else {
            throw ControlFailure(.notConfirmed, consequence, remedy: "Add --yes to say that this is meant.")
        }
        write("\(consequence)\nType yes to go on: ")
        guard readLine() == "yes" else {
            throw ControlFailure(.notConfirmed, "Nothing was done.", remedy: "")
        }
    }
}
