// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// Asks a device for an identity page where the kernel has not kept it.
public protocol InquirySource: Sendable {
    /// The page with its header, or nil where the device has none such. Blocks.
    func page(_ page: UInt8, of devnode: String) throws(DeviceError) -> [UInt8]?
}

/// The devices of this machine, through SG_IO.
public struct SystemInquiry: InquirySource {
    /// This machine's devices.
    public init() {}

    /// The page with its header, or nil where the device has none such. Blocks for as long as the device takes.
    public func page(_ page: UInt8, of devnode: String) throws(DeviceError) -> [UInt8]? {
        try SCSIInquiry.vitalProductData(page: page, of: devnode)
    }
}

/// No device to ask: a recorded tree has only what the kernel kept.
public struct NoInquiry: InquirySource {
    /// Nothing.
    public init() {}

    /// Nil.
    public func page(_ page: UInt8, of devnode: String) throws(DeviceError) -> [UInt8]? { nil }
}
