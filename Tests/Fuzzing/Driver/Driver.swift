// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CFuzzer
import FuzzTargets

/// Hands one family of decoders to libFuzzer. Built by `scripts/fuzz` only; the family's name is the first argument.
@main
struct Driver {
    nonisolated(unsafe) private static var family = FuzzFamily.senderFrames

    static func main() {
        if CommandLine.arguments.dropFirst().first == "--families" {
            for family in FuzzFamily.allCases { print(family.rawValue) }
            return
        }
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--samples" {
            do {
                try FuzzFamily.writeSamples(to: CommandLine.arguments[2])
            } catch {
                print("the samples cannot be written: \(error)")
            }
            return
        }
        guard CommandLine.arguments.count > 1, let chosen = FuzzFamily(rawValue: CommandLine.arguments[1]) else {
            print("usage: fuzz-driver FAMILY [libFuzzer's options], --families, --samples FOLDER")
            return
        }
        unsafe family = chosen
        // The family is not for libFuzzer, which would take it for a folder: the program's name takes its place.
        unsafe CommandLine.unsafeArgv[1] = CommandLine.unsafeArgv[0]
        var count = CommandLine.argc - 1
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv + 1
        _ = unsafe LLVMFuzzerRunDriver(&count, &arguments) { data, size in
            unsafe Driver.family.run(Array(UnsafeBufferPointer(start: data, count: size)))
            return 0
        }
    }
}
