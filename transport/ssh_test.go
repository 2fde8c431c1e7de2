package transport_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/transport"
)

func TestSSHBringsTheHelper(t *testing.T) {
	server := startSSHD(t)
	pool := sshPool(t, transport.Options{})
	for range 2 { // the second time it is there
		reply, err := pool.Call(t.Context(), server.target(), text("echo", "hello"), nil, nil)
		if err != nil || reply.Msg != "hello" {
			t.Fatalf("got %+v, %v", reply, err)
		}
		pool.Reset(server.target())
	}
	if n := server.sessions.Load(); n != 2 {
		t.Errorf("%d sessions", n)
	}
}
