// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// The one map from error numbers to ``DeviceError`` codes, for every call in this target.
///
/// Source: man 2 open, pread, pwrite, fdatasync, fallocate, ioctl, mkdir, rmdir, chmod, chown.
func systemError(
    _ operation: String, _ object: String, offset: UInt64? = nil, errno number: Int32 = errno
) -> DeviceError {
    let code: DeviceError.Code =
        switch number {
        case ENOSPC, EDQUOT, EFBIG: .noSpace
        case EROFS: .readOnly
        case EBUSY, ETXTBSY: .busy
        case ENOENT, ENXIO, ENODEV, ENOTDIR: .notFound
        case EACCES, EPERM: .permissionDenied
        case EINVAL: .outOfRange
        case EEXIST, ENOTEMPTY: .exists
        default: .inputOutput
        }
    // SAFETY: strerror answers a C string that lives until the next call on this thread.
    let words = unsafe String(cString: strerror(number))
    return DeviceError(
        code, operation: operation, object: object, offset: offset.map { ByteOffset($0) }, errorNumber: number,
        detail: words)
}
