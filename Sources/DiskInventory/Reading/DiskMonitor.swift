// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CUdev
import LinuxSystem
import StoragePrimitives
import Synchronization

/// A change of the machine's block devices. Whatever it is, the answer is another scan.
public struct DiskChange: Hashable, Sendable {
    /// What happened.
    public enum Action: String, Hashable, Sendable {
        case added
        case removed
        case changed
        /// Some changes could not be delivered; anything may be different.
        case lost
    }

    /// What happened.
    public let action: Action
    /// The kernel's name of the device, a partition perhaps; nil where changes were lost.
    public let name: String?

    /// A change of a device.
    public init(_ action: Action, name: String?) {
        self.action = action
        self.name = name
    }
}

/// Tells about changes of block devices as they happen, by libudev's monitor, on a thread of its own.
///
/// Source: man 3 udev_monitor_new_from_netlink.
public final class DiskMonitor: Sendable {
    /// Who tells.
    public enum Group: String, Sendable {
        /// udevd, when its rules have been applied: names and links are there.
        case udev
        /// The kernel itself, where no udevd runs.
        case kernel
    }

    /// What the thread reports as long as it runs.
    private struct Listener: Sendable {
        let tell: @Sendable (DiskChange) -> Void
    }

    private let thread = DiskThread(name: "mt-udev")
    private let wait: InterruptibleWait
    private let isStopped = Mutex(false)

    /// Begins to listen; `tell` is called on the monitor's thread for every change from then on.
    ///
    /// - Throws: ``DeviceError`` where the system has no such monitor.
    public init(group: Group = .udev, tell: @escaping @Sendable (DiskChange) -> Void) throws(DeviceError) {
        let wait = try InterruptibleWait()
        self.wait = wait
        let listener = Listener(tell: tell)
        let ready = Doorbell()
        let outcome = Outcome()
        thread.run {
            do throws(DeviceError) {
                let monitor = try UdevMonitor(group: group)
                ready.ring()
                try monitor.listen(until: wait, listener.tell)
            } catch {
                outcome.failure.withLock { $0 = error }
                ready.ring()
                // Harmless where it never began; a monitor that ended tells nothing more, and says so.
                listener.tell(DiskChange(.lost, name: nil))
            }
        }
        ready.wait()
        if let failure = outcome.failure.withLock({ $0 }) {
            thread.finish()
            throw failure
        }
    }

    deinit { stop() }

    /// Ends the thread, after the call that it is in.
    public func stop() {
        let isFirst = isStopped.withLock { stopped in
            defer { stopped = true }
            return !stopped
        }
        guard isFirst else { return }
        wait.interrupt()
        thread.finish()
    }

    private final class Outcome: Sendable {
        let failure = Mutex<DeviceError?>(nil)
    }
}

/// libudev's context and monitor, freed with this value.
@safe private struct UdevMonitor: ~Copyable {
    /// Room for the events of some thousand devices that appear at once.
    private static let receiveBuffer: Int32 = 8 << 20
    private let context: OpaquePointer
    private let monitor: OpaquePointer

    init(group: DiskMonitor.Group) throws(DeviceError) {
        guard let context = unsafe udev_new() else { throw SystemFiles.lastError("udev_new", "libudev") }
        guard let monitor = unsafe udev_monitor_new_from_netlink(context, group.rawValue) else {
            let error = SystemFiles.lastError("udev_monitor_new_from_netlink", group.rawValue)
            unsafe udev_unref(context)
            throw error
        }
        // Needs a capability that the service may not have; the default holds some hundred events.
        unsafe _ = udev_monitor_set_receive_buffer_size(monitor, Self.receiveBuffer)
        let filter = unsafe udev_monitor_filter_add_match_subsystem_devtype(monitor, "block", nil)
        let receiving = unsafe udev_monitor_enable_receiving(monitor)
        guard filter >= 0, receiving >= 0 else {
            unsafe udev_monitor_unref(monitor)
            unsafe udev_unref(context)
            // libudev answers the negative error number.
            throw DeviceError(
                .inputOutput, operation: "udev_monitor_enable_receiving", object: group.rawValue,
                errorNumber: -min(filter, receiving))
        }
        unsafe self.context = unsafe context
        unsafe self.monitor = unsafe monitor
    }

    deinit {
        unsafe _ = udev_monitor_unref(monitor)
        unsafe _ = udev_unref(context)
    }

    func listen(until wait: InterruptibleWait, _ tell: (DiskChange) -> Void) throws(DeviceError) {
        let descriptor = unsafe udev_monitor_get_fd(monitor)
        while true {
            switch try wait.wait(for: descriptor) {
            case .interrupted: return
            case .timedOut: continue
            case .readable: receive(tell)
            }
        }
    }

    private func receive(_ tell: (DiskChange) -> Void) {
        guard let device = unsafe udev_monitor_receive_device(monitor) else {
            // ENOBUFS: the socket ran over. Anything else was for nobody, or not from udev.
            if SystemFiles.lastError("udev_monitor_receive_device", "udev").errorNumber == 105 {
                tell(DiskChange(.lost, name: nil))
            }
            return
        }
        defer { unsafe _ = udev_device_unref(device) }
        // SAFETY: the texts belong to the device and are copied before it is released.
        let action = unsafe udev_device_get_action(device).map { unsafe String(cString: $0) }
        let name = unsafe udev_device_get_sysname(device).map { unsafe String(cString: $0) }
        switch action {
        case "add": tell(DiskChange(.added, name: name))
        case "remove": tell(DiskChange(.removed, name: name))
        default: tell(DiskChange(.changed, name: name))
        }
    }
}
