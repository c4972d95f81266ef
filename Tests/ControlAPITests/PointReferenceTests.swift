// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives
import Testing

@Suite struct PointReferenceTests {
    @Test(arguments: [
        ("latest", PointReference.latest),
        ("latest-processed", .latestProcessed),
        ("latest-app-consistent", .latestApplicationConsistent),
        ("0", .sequence(0)),
        ("18446744073709551615", .sequence(.max)),
        ("1970-01-01T00:00:01Z", .time(DateTime(Timestamp.seconds(1)))),
        ("before upgrade", .bookmark("before upgrade")),
        ("2026-11-21", .bookmark("2026-11-21")),
        ("Latest", .bookmark("Latest")),
        ("-1", .bookmark("-1")),
        ("١٢", .bookmark("١٢")),
    ]) func `a point is read`(text: String, point: PointReference) {
        #expect(PointReference(text) == point)
    }

    @Test(arguments: ["", "18446744073709551616", "a\nb", "a\u{7F}", String(repeating: "x", count: 201)])
    func `what names no point is refused`(text: String) {
        #expect(PointReference(text) == nil)
    }

    @Test(arguments: ["latest", "42", "2026-11-21T02:34:14Z", ""])
    func `a label that would mean another point is not permitted`(label: String) {
        #expect(!PointReference.isPermittedLabel(label))
    }

    @Test(arguments: ["latest", "latest-processed", "latest-app-consistent", "17", "1970-01-01T00:00:01Z", "a label"])
    func `a point is written as it was typed`(text: String) {
        #expect(PointReference(text)?.description == text)
    }
}
