package wire

import (
	"encoding/binary"
	"io"
	"time"

	"github.com/hashicorp/yamux"
)

const (
	helperWindow     = 1 << 20   // what the controller may send ahead on a stream: of more, sshd makes hard work
	controllerWindow = 256 << 10 // a thousand hosts send to one controller
	// Silence is how long a peer may be silent before it counts as dead.
	Silence      = 60 * time.Second
	pingInterval = 15 * time.Second
	closeTimeout = 30 * time.Second
)

// Controller starts the controller's side of a session over conn.
func Controller(conn io.ReadWriteCloser) (*yamux.Session, error) {
	return yamux.Client(&joiner{ReadWriteCloser: conn}, config(controllerWindow))
}

// Helper starts the helper's side of a session over conn.
func Helper(conn io.ReadWriteCloser) (*yamux.Session, error) {
	return yamux.Server(&joiner{ReadWriteCloser: conn}, config(helperWindow))
}

func config(window uint32) *yamux.Config {
	c := yamux.DefaultConfig()
	c.MaxStreamWindowSize = window
	c.ConnectionWriteTimeout = Silence
	c.KeepAliveInterval = pingInterval
	c.StreamCloseTimeout = closeTimeout
	c.AcceptBacklog = 1024
	c.LogOutput = io.Discard
	return c
}

// joiner writes the head and the body of a yamux frame together: they would be two
// packets of SSH otherwise.
type joiner struct {
	io.ReadWriteCloser
	head []byte
}

const (
	yamuxHead = 12
	yamuxData = 0
	joinUpTo  = 32 << 10
)

// Write is called by yamux from one goroutine, with a head and then its body, if any.
func (j *joiner) Write(p []byte) (int, error) {
	if len(j.head) == 0 && isDataHead(p) {
		j.head = append(j.head, p...)
		return len(p), nil
	}
	if len(j.head) == 0 {
		return j.ReadWriteCloser.Write(p)
	}
	head := j.head
	j.head = j.head[:0]
	if len(p) > joinUpTo {
		if _, err := j.ReadWriteCloser.Write(head); err != nil {
			return 0, err
		}
		return j.ReadWriteCloser.Write(p)
	}
	n, err := j.ReadWriteCloser.Write(append(head, p...))
	return max(0, n-yamuxHead), err
}

func isDataHead(p []byte) bool {
	return len(p) == yamuxHead && p[1] == yamuxData && binary.BigEndian.Uint32(p[8:]) > 0
}
