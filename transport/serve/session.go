package serve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport/wire"
)

// session is what one call may ask the controller for.
type session struct {
	server *server
	stream uint32
	call   int
	out    *events
}

// Progress sends a line to the operator.
func (c *session) Progress(line string) { c.out.line(c.call, line) }

// OpenBlob opens a blob; reading fails at the end where its bytes are not those of the sum.
func (c *session) OpenBlob(ctx context.Context, b modules.Blob) (io.ReadCloser, error) {
	return c.OpenBlobAt(ctx, b, 0)
}

// OpenBlobAt opens a blob from an offset on; only from offset 0 its sum can be checked.
func (c *session) OpenBlobAt(ctx context.Context, b modules.Blob, offset int64) (io.ReadCloser, error) {
	if offset < 0 || offset > b.Size {
		return nil, fmt.Errorf("open %q: no offset %d in %d bytes", b.Name, offset, b.Size)
	}
	reader := &blobReader{blob: b, left: b.Size - offset}
	if offset == 0 {
		reader.sum = sha256.New()
	}
	if int64(len(b.Inline)) == b.Size {
		reader.chunk = b.Inline[offset:]
		return reader, nil
	}
	if err := reader.pull(ctx, c, offset); err != nil {
		reader.Close()
		return nil, modules.WithKind(modules.KindCut, fmt.Errorf("get %q from the controller: %w", b.Name, err))
	}
	return reader, nil
}

// blobReader reads a blob as the controller sends it.
type blobReader struct {
	blob   modules.Blob
	stream net.Conn // nil where the content came with the call
	stop   func() bool
	chunk  []byte // what is read of the blob and not yet given out
	skip   int64  // what lies before the offset in the first chunk
	left   int64
	sum    hash.Hash
}

func (r *blobReader) pull(ctx context.Context, c *session, offset int64) error {
	stream, err := c.server.session.OpenStream()
	if err != nil {
		return err
	}
	r.stream = stream
	r.stop = context.AfterFunc(ctx, func() { _ = stream.SetDeadline(time.Unix(1, 0)) })
	r.skip = offset % wire.ChunkSize
	if err := wire.WriteMessage(stream, wire.BlobRequest{Stream: c.stream, SHA256: r.blob.SHA256, Offset: offset}); err != nil {
		return err
	}
	var answer wire.BlobAnswer
	if err := wire.ReadMessage(stream, &answer); err != nil {
		return err
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	if answer.Size != r.blob.Size {
		return fmt.Errorf("it has %d bytes now and had %d when the task was sent", answer.Size, r.blob.Size)
	}
	return nil
}

// Read gives the blob's bytes, and an error where they are too few or not the right ones.
func (r *blobReader) Read(p []byte) (int, error) {
	if r.left == 0 && len(r.chunk) == 0 {
		return 0, r.verdict()
	}
	for len(r.chunk) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.chunk)
	r.chunk = r.chunk[n:]
	r.left -= int64(n)
	if r.left < 0 {
		return 0, fmt.Errorf("read %q: more than its %d bytes came", r.blob.Name, r.blob.Size)
	}
	if r.sum != nil {
		r.sum.Write(p[:n])
	}
	return n, nil
}

func (r *blobReader) next() error {
	if r.stream == nil {
		return io.ErrUnexpectedEOF
	}
	chunk, err := wire.ReadFrame(r.stream)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return modules.WithKind(modules.KindCut, fmt.Errorf("read %q from the controller: %w", r.blob.Name, err))
	}
	skip := min(r.skip, int64(len(chunk)))
	r.chunk, r.skip = chunk[skip:], r.skip-skip
	return nil
}

func (r *blobReader) verdict() error {
	if r.sum == nil || hex.EncodeToString(r.sum.Sum(nil)) == r.blob.SHA256 {
		return io.EOF
	}
	return fmt.Errorf("read %q: its bytes are not those of SHA-256 %s; it changed on the controller while the run went on", r.blob.Name, r.blob.SHA256)
}

// Close ends the transfer.
func (r *blobReader) Close() error {
	if r.stream == nil {
		return nil
	}
	r.stop()
	return r.stream.Close()
}
