package serve

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/hashicorp/yamux"

	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/transport/wire"
)

// lingering is how long a connection may still answer after the controller closed it.
const lingering = 30 * time.Second

// connecting bounds an attempt whose controller no longer waits for it.
const connecting = 2 * time.Minute

// dial opens a connection from this host and carries its bytes.
func (s *server) dial(stream *yamux.Stream, request wire.Request) {
	ctx, cancel := context.WithTimeout(s.ctx, connecting)
	defer cancel()
	conn, err := machine.Dial(ctx, request.Network, request.Address)
	if err != nil {
		refuse(stream, err)
		return
	}
	defer conn.Close()
	if err := wire.WriteMessage(stream, wire.Answer{}); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(conn, stream) // errors end the other direction too
		closeWrite(conn)
		_ = conn.SetReadDeadline(time.Now().Add(lingering))
	}()
	_, _ = io.Copy(stream, conn)
}

func closeWrite(conn net.Conn) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}
