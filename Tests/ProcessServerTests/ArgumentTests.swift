// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import ProcessServer
import StoragePrimitives
import Testing

@Suite struct ArgumentTests {
    @Test func `server addresses`() {
        #expect(ServerAddress("mt.example") == ServerAddress(host: "mt.example", port: 9443))
        #expect(ServerAddress("mt.example:19443") == ServerAddress(host: "mt.example", port: 19443))
        #expect(ServerAddress("[::1]") == ServerAddress(host: "::1", port: 9443))
        #expect(ServerAddress("[::1]:1")?.description == "[::1]:1")
        #expect(ServerAddress("fe80::1") == ServerAddress(host: "fe80::1", port: 9443))
        for wrong in ["", ":1", "a:", "a:0", "a:65536", "a:b", "[::1", "[::1]x"] {
            #expect(ServerAddress(wrong) == nil)
        }
    }

    @Test func `disks`() {
        let plain = ProcessServer.Disk(argument: "d=/dev/x", index: 3)
        #expect(plain?.id == "d" && plain?.number == DiskNumber(3) && plain?.place == .path("/dev/x"))
        let numbered = ProcessServer.Disk(argument: "7:wwn-0x5:a=/a=b", index: 0)
        #expect(numbered?.id == "wwn-0x5:a" && numbered?.number == DiskNumber(7) && numbered?.place == .path("/a=b"))
        let colon = ProcessServer.Disk(argument: "naa.5:a=/x", index: 1)
        #expect(colon?.id == "naa.5:a" && colon?.number == DiskNumber(1))
        for wrong in ["", "a", "a=", "=x", "3:=x", "a=nbd:x", "a=nbd+unix:///x"] {
            #expect(ProcessServer.Disk(argument: wrong, index: 0) == nil)
        }
    }

    @Test func `NBD addresses`() {
        let network = NBDAddress("nbd://host/disk%201?bitmap=b0")
        #expect(network?.endpoint == .network(host: "host", port: 10809))
        #expect(network?.export == "disk 1" && network?.bitmap == "b0")
        let socket = NBDAddress("nbd+unix:///?socket=/tmp/s")
        #expect(socket?.endpoint == .unixSocket(path: "/tmp/s") && socket?.export == "" && socket?.bitmap == nil)
        #expect(NBDAddress("nbd://[::1]:1/x")?.endpoint == .network(host: "::1", port: 1))
        for wrong in [
            "", "nbd", "nbds://h/x", "nbd:///x", "nbd://h/%4", "nbd://h/%zz", "nbd+unix://h/x?socket=/s", "nbd://h/x?a",
        ] {
            #expect(NBDAddress(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `sizes and times`() {
        #expect(Quantity.bytes("50M") == 50 << 20 && Quantity.bytes("7") == 7 && Quantity.bytes("1GiB") == 1 << 30)
        #expect(Quantity.nanoseconds("500ms") == 500_000_000 && Quantity.nanoseconds("2h") == 7_200_000_000_000)
        for wrong in ["", "x", "1Q", "-1", "99999999999999999999", "18446744073709551615K"] {
            #expect(Quantity.bytes(wrong) == nil && Quantity.nanoseconds(wrong) == nil)
        }
    }
}
