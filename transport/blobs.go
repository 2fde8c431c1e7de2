package transport

import (
	"container/list"
	"io"
	"sync"

	"github.com/gdeploy/gdeploy/transport/wire"
)

// keepBlobs is how many bytes of frames are kept for the hosts that come later.
const keepBlobs = 256 << 20

// blobs makes the frames of blobs' chunks, each once for all hosts, and keeps those that
// were used last.
type blobs struct {
	mu    sync.Mutex
	known map[chunkKey]*list.Element
	order list.List // of *chunk, the newest first
	bytes int
}

type chunkKey struct {
	sha256 string
	number int64
}

type chunk struct {
	key   chunkKey
	once  sync.Once
	frame []byte
	err   error
	// size is what it counts in blobs.bytes.
	size int
}

func newBlobs() *blobs { return &blobs{known: map[chunkKey]*list.Element{}} }

// frame gives the frame of a blob's chunk of that number.
func (b *blobs) frame(sha256 string, number, size int64, blob io.ReadSeeker) ([]byte, error) {
	c := b.find(chunkKey{sha256, number})
	c.once.Do(func() {
		c.frame, c.err = makeFrame(number, size, blob)
		b.made(c)
	})
	return c.frame, c.err
}

func (b *blobs) find(key chunkKey) *chunk {
	b.mu.Lock()
	defer b.mu.Unlock()
	if at := b.known[key]; at != nil {
		b.order.MoveToFront(at)
		return at.Value.(*chunk)
	}
	c := &chunk{key: key}
	b.known[key] = b.order.PushFront(c)
	return c
}

// made counts a new frame in and forgets the ones that were not used for longest. A
// frame that could not be made is not kept.
func (b *blobs) made(c *chunk) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.err != nil {
		b.forget(c)
		return
	}
	if at := b.known[c.key]; at == nil || at.Value.(*chunk) != c {
		return // forgotten while it was made
	}
	c.size = len(c.frame)
	b.bytes += c.size
	for at := b.order.Back(); at != nil && b.bytes > keepBlobs; {
		old := at
		at = at.Prev()
		if old.Value.(*chunk) != c {
			b.forget(old.Value.(*chunk))
		}
	}
}

func (b *blobs) forget(c *chunk) {
	at := b.known[c.key]
	if at == nil || at.Value.(*chunk) != c {
		return
	}
	b.order.Remove(at)
	delete(b.known, c.key)
	b.bytes -= c.size
}

func makeFrame(number, size int64, blob io.ReadSeeker) ([]byte, error) {
	start := number * wire.ChunkSize
	if _, err := blob.Seek(start, io.SeekStart); err != nil {
		return nil, err
	}
	content := make([]byte, min(wire.ChunkSize, size-start))
	if _, err := io.ReadFull(blob, content); err != nil {
		return nil, err
	}
	return wire.Pack(content), nil
}
