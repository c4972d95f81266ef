// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// A command of the operator's, run by `/bin/sh -c`: a hook before or after a pass, for instance.
///
/// Blocks: not on the cooperative pool. Source: man 3 posix_spawn, man 2 waitpid.
public enum ShellCommand {
    /// Runs `command`; nil when it ended with status 0, else what happened.
    ///
    /// - Parameters:
    ///   - environment: Variables added to the process's own.
    ///   - timeout: Nanoseconds after which it is killed, with what it started.
    public static func run(_ command: String, environment: [String], timeout: Int64, clock: any SteadyClock) -> String?
    {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that a kill reaches what the command started; default signals and an empty mask.
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var process = pid_t()
        // SAFETY: the lists of strings live until posix_spawn has copied them.
        let code = unsafe withStrings(["/bin/sh", "-c", command]) { arguments in
            unsafe withStrings(environment + inherited(except: environment)) { variables in
                unsafe posix_spawn(&process, "/bin/sh", nil, &attributes, arguments, variables)
            }
        }
        // man 3 posix_spawn: the error number is the result.
        guard code == 0 else { return "/bin/sh could not be started: error \(code)" }
        return wait(process, timeout: timeout, clock: clock)
    }

    private static func wait(_ process: pid_t, timeout: Int64, clock: any SteadyClock) -> String? {
        let deadline = clock.nanoseconds() + timeout
        var status: Int32 = 0
        while true {
            let answer = unsafe waitpid(process, &status, WNOHANG)
            if answer == process { break }
            if answer < 0, errno != EINTR { return "waiting for the command failed: error \(errno)" }
            if clock.nanoseconds() >= deadline {
                kill(-process, SIGKILL)
                unsafe _ = waitpid(process, &status, 0)
                return "the command did not end within \(timeout / 1_000_000_000) s and was killed"
            }
            var pause = timespec(tv_sec: 0, tv_nsec: 2_000_000)
            unsafe _ = nanosleep(&pause, nil)
        }
        // man 2 waitpid: WIFEXITED, WEXITSTATUS, WTERMSIG.
        if status & 0x7f == 0 {
            let exit = (status >> 8) & 0xff
            return exit == 0 ? nil : "the command ended with status \(exit)"
        }
        return "the command was ended by signal \(status & 0x7f)"
    }

    private static func inherited(except changed: [String]) -> [String] {
        let names = Set(changed.map { String($0.prefix { $0 != "=" }) })
        return Terminal.environment.filter { !names.contains($0.key) }.map { "\($0)=\($1)" }
    }

    /// Calls `body` with a list of C strings that ends with nil.
    private static func withStrings(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
    ) -> Int32 {
        // SAFETY: the list has room for every string and the nil after them; all of it is freed after the call.
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
        for index in 0..<strings.count { unsafe (list + index).initialize(to: strdup(strings[index])) }
        unsafe (list + strings.count).initialize(to: nil)
        defer {
            for index in 0..<strings.count { unsafe free(list[index]) }
            unsafe list.deallocate()
        }
        return unsafe body(list)
    }
}
