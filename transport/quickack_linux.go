package transport

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// quickAck asks the kernel to acknowledge what it reads next without delay. It holds for
// a short while only.
func quickAck(conn net.Conn) {
	tcp, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) // no more than speed is lost
	})
}
