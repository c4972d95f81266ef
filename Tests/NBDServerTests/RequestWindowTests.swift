// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NBDServer
import StoragePrimitives
import Testing

struct RequestWindowTests {
    private static func request(_ command: NBDCommand, cookie: UInt64, length: UInt32) -> NBDRequest {
        NBDRequest(command: command, flags: [], cookie: cookie, offset: 0, length: length)
    }

    private static func window(bytes: Int, requests: Int = 100) -> RequestWindow {
        var settings = NBDServerSettings()
        settings.connectionWindow = ByteCount(bytes)
        settings.maximumRequests = requests
        return RequestWindow(settings)
    }

    @Test func `requests are taken until their bytes fill the window, and again when one is answered`() throws {
        var window = Self.window(bytes: 16 << 10)
        #expect(window.isOpen && window.isEmpty)
        for cookie in 1...4 as ClosedRange<UInt64> {
            #expect(window.isOpen)
            try window.took(Self.request(.read, cookie: cookie, length: 512))
        }
        #expect(!window.isOpen && !window.isEmpty)
        window.answered(2)
        #expect(window.isOpen)
        for cookie in [1, 3, 4] as [UInt64] { window.answered(cookie) }
        #expect(window.isEmpty)
    }

    @Test func `requests without bytes are bounded by their number`() throws {
        var window = Self.window(bytes: 1 << 30, requests: 3)
        for cookie in 1...3 as ClosedRange<UInt64> { try window.took(Self.request(.flush, cookie: cookie, length: 0)) }
        #expect(!window.isOpen)
        window.answered(9)
        #expect(!window.isOpen)
        window.answered(1)
        #expect(window.isOpen)
    }

    @Test func `the rest of a write is taken although it is larger than the window`() throws {
        var window = Self.window(bytes: 4096)
        try window.took(Self.request(.write, cookie: 1, length: 32 << 20))
        #expect(window.isOpen)
        window.tookPayload(isLast: false)
        #expect(window.isOpen)
        window.tookPayload(isLast: true)
        #expect(!window.isOpen)
        window.answered(1)
        #expect(window.isOpen && window.isEmpty)
    }

    @Test func `a hold stops everything, also when its end comes first`() throws {
        var window = Self.window(bytes: 4096)
        try window.took(Self.request(.write, cookie: 1, length: 4096))
        window.hold()
        #expect(!window.isOpen)
        window.release()
        #expect(window.isOpen)
        window.release()
        window.hold()
        #expect(window.isOpen)
    }

    @Test func `a cookie that waits is not taken twice`() throws {
        var window = Self.window(bytes: 1 << 20)
        try window.took(Self.request(.flush, cookie: 7, length: 0))
        #expect(throws: NBDError.self) { try window.took(Self.request(.read, cookie: 7, length: 512)) }
        window.answered(7)
        try window.took(Self.request(.read, cookie: 7, length: 512))
    }
}

struct StallWatchTests {
    private static func looks(_ watch: inout StallWatch, isFull: Bool) -> Bool { watch.isStalled(isFull: isFull) }

    @Test func `what waits from one look to the next without a sign of life is stalled`() {
        var watch = StallWatch()
        #expect(!Self.looks(&watch, isFull: false))
        watch.sent()
        #expect(!Self.looks(&watch, isFull: false))
        #expect(Self.looks(&watch, isFull: false))
    }

    @Test func `any piece that is taken is a sign of life`() {
        var watch = StallWatch()
        for _ in 1...5 {
            watch.sent()
            watch.sent()
            #expect(!Self.looks(&watch, isFull: true))
            watch.wasTaken()
        }
        #expect(!Self.looks(&watch, isFull: false))
        #expect(Self.looks(&watch, isFull: false))
    }

    @Test func `an idle connection is none, nor is what begins to wait after an idle time`() {
        var watch = StallWatch()
        watch.sent()
        watch.wasTaken()
        for _ in 1...3 { #expect(!Self.looks(&watch, isFull: false)) }
        watch.sent()
        #expect(!Self.looks(&watch, isFull: false))
        #expect(Self.looks(&watch, isFull: false))
    }

    @Test func `a full buffer is stalled unless it empties`() {
        var watch = StallWatch()
        #expect(!Self.looks(&watch, isFull: true))
        watch.writabilityChanged()
        #expect(!Self.looks(&watch, isFull: true))
        #expect(Self.looks(&watch, isFull: true))
    }
}
