package transport_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
)

const benchCalls = 50

// BenchmarkConnect logs in and starts the helper, which is there already.
func BenchmarkConnect(b *testing.B) {
	server := startSSHD(b)
	target := server.target()
	pool := sshPool(b, transport.Options{})
	for b.Loop() {
		if _, err := pool.Connect(b.Context(), target); err != nil {
			b.Fatal(err)
		}
		pool.Reset(target)
	}
}

// BenchmarkOneByOne waits for each of 50 calls before it sends the next.
func BenchmarkOneByOne(b *testing.B) {
	server := startSSHD(b)
	target := server.target()
	pool := sshPool(b, transport.Options{})
	for b.Loop() {
		for range benchCalls {
			if _, err := pool.Call(b.Context(), target, text("echo", "unchanged"), nil, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkBatch sends 50 calls in one go.
func BenchmarkBatch(b *testing.B) {
	server := startSSHD(b)
	target := server.target()
	pool := sshPool(b, transport.Options{})
	calls := make([]modules.Call, benchCalls)
	for i := range calls {
		calls[i] = text("echo", "unchanged")
	}
	for b.Loop() {
		if err := pool.Batch(b.Context(), target, calls, transport.BatchOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBlob brings 32 MB that compress well to a host.
func BenchmarkBlob(b *testing.B) {
	content := make([]byte, 32<<20)
	for i := range content {
		content[i] = "0123456789abcdef\n"[i*i%17]
	}
	stock := &shelf{blobs: map[string][]byte{sumOf(content): content}}
	server := startSSHD(b)
	target := server.target()
	pool := sshPool(b, transport.Options{})
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		reply, err := pool.Call(b.Context(), target, blobCall(sumOf(content), len(content), 0), stock, nil)
		if err != nil || reply.Failed {
			b.Fatal(reply, err)
		}
	}
}
