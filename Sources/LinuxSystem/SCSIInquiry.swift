// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLinux
import Glibc
import StoragePrimitives

/// Asks a SCSI device for a page of vital product data, through the kernel's pass-through.
///
/// Source: SPC-4, 6.4 INQUIRY; the kernel's "SCSI Generic (sg) driver", SG_IO.
public enum SCSIInquiry {
    /// The first request: what every device can answer. A page that says it is longer is asked for again.
    private static let firstAllocation = 252
    /// The longest page that is taken.
    private static let largestPage = 4096
    private static let timeoutMilliseconds: UInt32 = 10_000
    private static let attempts = 4

    /// A page as the device sends it, with its header, or nil where the device has no such page or is no SCSI device.
    ///
    /// Blocks for as long as the device takes.
    /// - Parameters:
    ///   - page: The page's code; 0 lists the pages that there are.
    ///   - devnode: The device's node, such as `/dev/sda`.
    public static func vitalProductData(page: UInt8, of devnode: String) throws(DeviceError) -> [UInt8]? {
        let file = try FileDescriptor(path: devnode, flags: O_RDONLY | O_NONBLOCK)
        guard let first = try inquire(file, page: page, allocation: firstAllocation) else { return nil }
        // PAGE LENGTH, big-endian, at byte 2.
        guard first.count >= 4 else { return first }
        let length = 4 + (Int(first[2]) << 8 | Int(first[3]))
        guard length > first.count, first.count == firstAllocation else { return first }
        return try inquire(file, page: page, allocation: min(length, largestPage))
    }

    private static func inquire(
        _ file: borrowing FileDescriptor, page: UInt8, allocation: Int
    ) throws(DeviceError) -> [UInt8]? {
        // INQUIRY: operation code 12h, EVPD, page code, allocation length in two bytes, control.
        var command: [UInt8] = [0x12, 1, page, UInt8(allocation >> 8), UInt8(allocation & 0xFF), 0]
        var answer = [UInt8](repeating: 0, count: allocation)
        var sense = [UInt8](repeating: 0, count: 32)
        for _ in 0..<attempts {
            var header = unsafe sg_io_hdr_t()
            let failure: DeviceError? = unsafe command.withUnsafeMutableBufferPointer { command in
                unsafe answer.withUnsafeMutableBytes { answer in
                    unsafe sense.withUnsafeMutableBufferPointer { sense in
                        // SAFETY: the three arrays live for the call, and the lengths are theirs.
                        unsafe header.interface_id = Int32(UInt8(ascii: "S"))
                        unsafe header.dxfer_direction = CLinux_SG_DXFER_FROM_DEV
                        unsafe header.cmd_len = UInt8(command.count)
                        unsafe header.cmdp = command.baseAddress
                        unsafe header.mx_sb_len = UInt8(sense.count)
                        unsafe header.sbp = sense.baseAddress
                        unsafe header.dxfer_len = UInt32(answer.count)
                        unsafe header.dxferp = answer.baseAddress
                        unsafe header.timeout = timeoutMilliseconds
                        let result = unsafe CLinux_SG_IO(file.number, &header)
                        return result == 0 ? nil : systemError("ioctl SG_IO", file.path)
                    }
                }
            }
            if let failure {
                if [ENOTTY, EINVAL, ENOSYS, EOPNOTSUPP].contains(failure.errorNumber) { return nil }
                throw failure
            }
            switch unsafe outcome(of: header, sense: sense) {
            case .answered:
                let residue = unsafe max(0, min(allocation, Int(header.resid)))
                return Array(answer.prefix(allocation - residue))
            case .notSupported: return nil
            case .again: continue
            case .failed(let detail):
                throw DeviceError(.inputOutput, operation: "INQUIRY page \(page)", object: file.path, detail: detail)
            }
        }
        throw DeviceError(
            .inputOutput, operation: "INQUIRY page \(page)", object: file.path,
            detail: "the device reported unit attention \(attempts) times")
    }

    private enum Outcome {
        case answered
        case notSupported
        case again
        case failed(String)
    }

    private static func outcome(of header: sg_io_hdr_t, sense: [UInt8]) -> Outcome {
        let (status, host, driver) = unsafe (header.status & 0x7E, header.host_status, header.driver_status & 0x0F)
        if status == 0, host == 0, driver == 0 { return .answered }
        // Sense data in fixed (70h, 71h) or descriptor (72h, 73h) format, SPC-4 4.5; driver status 8 says it is there.
        let written = unsafe Int(header.sb_len_wr)
        guard status == 0x02 || driver == 0x08, written > 2 else {
            return .failed("SCSI status \(status), host status \(host), driver status \(driver)")
        }
        let key = sense[0] & 0x02 != 0 ? sense[1] & 0x0F : sense[2] & 0x0F
        switch key {
        case 0x1: return .answered  // RECOVERED ERROR
        case 0x5: return .notSupported  // ILLEGAL REQUEST
        case 0x6: return .again  // UNIT ATTENTION
        default: return .failed("sense key \(key)")
        }
    }
}
