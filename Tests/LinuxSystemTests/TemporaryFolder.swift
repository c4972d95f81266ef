// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import LinuxSystem
import StoragePrimitives

/// A folder on a real filesystem that goes with this object.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/master-target-test-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else {
            throw DeviceError(.inputOutput, operation: "mkdtemp", object: "/tmp", errorNumber: errno)
        }
        path = unsafe String(cString: made)
    }

    deinit {
        // What cannot be removed stays in /tmp: it harms no other test.
        let names = (try? DirectoryFolder(path: path).names()) ?? []
        for name in names { unsafe _ = unlink("\(path)/\(name)") }
        unsafe _ = rmdir(path)
    }

    /// An image file of so many bytes, all of it a hole.
    func image(_ name: String = "image", bytes: Int) throws -> String {
        let file = try DirectoryFolder(path: path).create(name)
        try file.truncate(to: ByteCount(bytes))
        return "\(path)/\(name)"
    }
}

/// A buffer of one byte's value.
func filled(_ count: Int, with value: UInt8) -> AlignedBuffer {
    var buffer = AlignedBuffer(count: count)
    var span = buffer.mutableBytes
    unsafe span.replace(at: 0, with: [UInt8](repeating: value, count: count).span.bytes)
    return buffer
}

func copy(_ buffer: borrowing AlignedBuffer) -> [UInt8] {
    buffer.withBytes(0..<buffer.count) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
}
