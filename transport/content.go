package transport

import (
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/yamux"

	"github.com/gdeploy/gdeploy/transport/wire"
)

// offer says whose content the calls of a stream may ask for; nil ends the offer.
func (p *peer) offer(stream uint32, content Content) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if content == nil {
		delete(p.contents, stream)
		return
	}
	p.contents[stream] = content
}

// serveBlobs answers the helper's requests for content, until the session ends; why it
// did is kept.
func (p *peer) serveBlobs() {
	for {
		stream, err := p.session.AcceptStream()
		if err != nil {
			p.mu.Lock()
			p.lost = err
			p.mu.Unlock()
			return
		}
		p.served.Go(func() {
			defer stream.Close()
			p.serveBlob(stream)
		})
	}
}

// serveBlob sends one blob. Errors on the way end the stream early, which the helper
// takes for one.
func (p *peer) serveBlob(stream *yamux.Stream) {
	var request wire.BlobRequest
	if err := wire.ReadMessage(stream, &request); err != nil {
		return
	}
	blob, size, err := p.open(request)
	if err != nil {
		_ = wire.WriteMessage(stream, wire.BlobAnswer{Error: err.Error()})
		return
	}
	defer blob.Close()
	if err := wire.WriteMessage(stream, wire.BlobAnswer{Size: size}); err != nil {
		return
	}
	for chunk := request.Offset / wire.ChunkSize; chunk*wire.ChunkSize < size; chunk++ {
		frame, err := p.blobs.frame(request.SHA256, chunk, size, blob)
		if err != nil {
			return
		}
		if _, err := stream.Write(frame); err != nil {
			return
		}
	}
}

// open finds the blob in what the calls of the stream were given.
func (p *peer) open(request wire.BlobRequest) (io.ReadSeekCloser, int64, error) {
	p.mu.Lock()
	content := p.contents[request.Stream]
	p.mu.Unlock()
	if content == nil {
		return nil, 0, errors.New("the call that asks for it was given no content")
	}
	blob, err := content.Open(request.SHA256)
	if err != nil {
		return nil, 0, err
	}
	size, err := blob.Seek(0, io.SeekEnd)
	if err == nil && (request.Offset < 0 || request.Offset > size) {
		err = fmt.Errorf("no offset %d in %d bytes", request.Offset, size)
	}
	if err != nil {
		_ = blob.Close()
		return nil, 0, err
	}
	return blob, size, nil
}
